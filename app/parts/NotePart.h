// Notes and tags in the window: their panel, their columns, and how they leave.
#pragma once

#include "app/parts/WindowContext.h"
#include "widgets/panels/NotePanel.h"

#include <QObject>

#include <filesystem>
#include <map>
#include <vector>

namespace orrery {

class NotePart : public QObject {
  Q_OBJECT
 public:
  explicit NotePart(const WindowContext& context, QObject* parent = nullptr);

  [[nodiscard]] NotePanel* panel() { return m_panel; }
  void saveNotes(const std::filesystem::path& path, const std::vector<FeatureId>& features);

 private:
  void showColumns(int layer);
  void askAndSave(const std::vector<FeatureId>& features);
  void copyNotes(const std::vector<FeatureId>& features);
  [[nodiscard]] std::vector<FeatureId> noted() const;
  void showState();

  WindowContext m_context;
  NotePanel* m_panel;
  std::map<int, std::map<FeatureId, FeatureNote>> m_shown;  ///< By layer: what its columns say.
};

}  // namespace orrery
