#include "app/parts/GalaxyPart.h"

namespace orrery {

GalaxyPart::GalaxyPart(const WindowContext& context, QObject* parent)
    : QObject(parent), m_context(context)
{
}

}  // namespace orrery
