// Sessions in the window: open, save, autosave, recovery after a crash, asking before work is lost.
#pragma once

#include "app/parts/WindowContext.h"
#include "core/document/Session.h"

#include <QFileSystemWatcher>
#include <QLockFile>
#include <QObject>
#include <QStringList>
#include <QTimer>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace orrery {

/// What only the user can decide. Dialogs by default; tests answer for themselves.
struct SessionQuestions {
  enum class Close { Save, Discard, Cancel };
  enum class Recovery { Open, Later, Remove };
  std::function<Close(const QString& name)> beforeClosing;
  std::function<QString(const QString& suggestion)> whereToSave;
  std::function<QString()> whatToOpen;
  /// A session that we did not write asks for files outside its folder.
  std::function<bool(const QStringList& paths)> mayOpen;
  /// Empty: it stays closed.
  std::function<QString(const QString& missing)> whereIsIt;
  std::function<Recovery(const QStringList& names)> recover;
};

/// The recovery file, a session with its results inside, is written two minutes after a change at
/// the latest (or as Settings::autosaveMs says) and when a signal ends the program; it goes when
/// the session is saved or its changes are discarded. A crash loses nothing that could be undone;
/// only what would be missed (isModified) is worth a question before the window closes. It lies in
/// the settings' state folder, beside a lock that tells whether its owner still lives.
class SessionPart : public QObject {
  Q_OBJECT
 public:
  explicit SessionPart(const WindowContext& context, QObject* parent = nullptr);
  ~SessionPart() override;

  [[nodiscard]] SessionQuestions& questions() { return m_questions; }
  [[nodiscard]] bool isModified() const { return m_modified; }
  /// Empty until saved or opened.
  [[nodiscard]] const std::filesystem::path& path() const { return m_path; }
  [[nodiscard]] std::filesystem::path recoveryFile() const { return m_recoveryFile; }

  /// A part of the window that wants to be kept. JSON objects, data only.
  void keepState(const std::string& name, std::function<QJsonObject()> save,
                 std::function<void(const QJsonObject&)> restore);

  /// A session file, or a picture with one inside.
  static bool isSession(const std::filesystem::path& path);
  void open(const std::filesystem::path& path);
  void save();
  void saveAs();
  void saveTo(const std::filesystem::path& path);
  /// All that the window shows, with results inside: what figures carry.
  [[nodiscard]] std::string text() const;

  /// Cleans up after a killed save, offers what a crash has left, and begins to autosave and to ask
  /// before closing. Called once the window stands.
  void start();
  /// Whether the window may close now. If the user wants to save first, the window is closed when
  /// that is done.
  bool mayClose();
  /// The end is certain: writes the recovery file if there is something to lose.
  void end();

 signals:
  void modifiedChanged(bool modified);
  void opened();
  void saved();

 private:
  struct Restored;
  bool mayLeave(std::function<void()> whenSaved);
  Session capture() const;
  void setModified(bool modified);
  void keepSoon();
  void connectDocument();
  void resolve(Session session, const std::filesystem::path& path, bool trusted);
  void install(Restored restored);
  void writeRecovery();
  void removeRecovery();
  void offerRecovery();
  void watchInputs();
  void showChanged(const QString& path);
  void holdSession(const std::filesystem::path& path);
  void say(Message::Kind kind, const QString& text, const QString& details = {}) const;

  WindowContext m_context;
  SessionQuestions m_questions;
  struct State {
    std::function<QJsonObject()> save;
    std::function<void(const QJsonObject&)> restore;
  };
  std::map<std::string, State> m_states;
  std::map<std::filesystem::path, SessionInput> m_known;  ///< Inputs whose hash has been taken.
  std::filesystem::path m_path;
  bool m_readOnly = false;  ///< Written by a newer program: never written over.
  bool m_modified = false;
  bool m_touched = false;  ///< Changed in a way that is worth a copy, but no question.
  bool m_restoring = false;
  bool m_asks = false;
  bool m_asking = false;
  std::function<void()> m_whenSaved;
  std::filesystem::path m_recoveryFile;
  std::unique_ptr<QLockFile> m_recoveryLock;
  std::vector<std::filesystem::path> m_recovered;  ///< Others' that were opened; go on saving.
  std::unique_ptr<QLockFile> m_sessionLock;
  QTimer m_autosave;
  QFileSystemWatcher m_watcher;
  std::set<QString> m_toldChanged;
  JobRunner m_openJob, m_saveJob, m_autosaveJob, m_tidyJob;
};

}  // namespace orrery
