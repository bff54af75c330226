#include "app/parts/LobePart.h"

namespace orrery {

LobePart::LobePart(const WindowContext& context, QObject* parent)
    : QObject(parent), m_context(context)
{
}

}  // namespace orrery
