// The one kind of undoable step: what to do and what to do back.
#pragma once

#include <QElapsedTimer>
#include <QUndoCommand>

#include <functional>
#include <utility>

namespace orrery {

/// Steps of the same @p kind (not 0) that follow each other within a second become one: turning the
/// camera in three strokes or dragging a slider is one thing to undo.
class ChangeCommand : public QUndoCommand {
 public:
  static constexpr qint64 mergeWithinMs = 1000;

  ChangeCommand(int kind, const QString& text, std::function<void()> apply,
                std::function<void()> revert)
      : QUndoCommand(text), m_kind(kind), m_apply(std::move(apply)), m_revert(std::move(revert))
  {
    m_made.start();
  }

  void redo() override { m_apply(); }
  void undo() override { m_revert(); }
  int id() const override { return m_kind == 0 ? -1 : m_kind; }

  bool mergeWith(const QUndoCommand* other) override
  {
    const auto& next = static_cast<const ChangeCommand&>(*other);  // same id, so same class
    if (m_made.msecsTo(next.m_made) > mergeWithinMs)
      return false;
    m_made = next.m_made;
    m_apply = next.m_apply;
    setText(next.text());
    return true;
  }

 private:
  int m_kind;
  std::function<void()> m_apply;
  std::function<void()> m_revert;
  QElapsedTimer m_made;
};

}  // namespace orrery
