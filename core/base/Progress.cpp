#include "core/base/Progress.h"

#include <algorithm>
#include <utility>

namespace orrery {

Progress::Progress(std::stop_token stop, Receiver receiver)
    : m_stop(std::move(stop)), m_receiver(std::move(receiver))
{
}

Progress Progress::stage(std::string name, double from, double to) const
{
  Progress part = *this;
  part.m_stage = std::move(name);
  part.m_from = m_from + (m_to - m_from) * from;
  part.m_to = m_from + (m_to - m_from) * to;
  part.update(0, 1);
  return part;
}

void Progress::update(std::int64_t done, std::int64_t total) const
{
  checkStopped();
  if (!m_receiver)
    return;
  const double share =
      total > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0)
                : 1.0;
  m_receiver(m_stage, m_from + (m_to - m_from) * share);
}

void Progress::checkStopped() const
{
  if (m_stop.stop_requested())
    throw Cancelled();
}

}  // namespace orrery
