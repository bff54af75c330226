#include "app/parts/CrystalPart.h"

namespace orrery {

CrystalPart::CrystalPart(const WindowContext& context, QObject* parent)
    : QObject(parent), m_context(context)
{
}

}  // namespace orrery
