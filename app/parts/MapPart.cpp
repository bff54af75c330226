#include "app/parts/MapPart.h"

namespace orrery {

MapPart::MapPart(const WindowContext& context, QObject* parent)
    : QObject(parent), m_context(context)
{
}

}  // namespace orrery
