#include "app/parts/SessionPart.h"

#include "core/base/Error.h"
#include "core/io/ByteSource.h"
#include "core/io/ResultFile.h"
#include "core/io/results/AtomicFile.h"
#include "widgets/figure/PictureSession.h"
#include "widgets/models/FeatureText.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMessageBox>
#include <QPushButton>
#include <QScopedValueRollback>
#include <QUuid>

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace orrery {
namespace {

constexpr char lockEnding[] = ".lock";

QString textOf(const std::filesystem::path& path)
{
  return QString::fromStdString(displayName(path));
}

QString nameOf(const std::filesystem::path& path)
{
  return textOf(path.filename());
}

QString qtPath(const std::filesystem::path& path)
{
  return QFile::decodeName(QByteArray::fromStdString(path.native()));
}

std::filesystem::path ownPath(const QString& path)
{
  return QFile::encodeName(path).toStdString();
}

std::string bytesHash(const std::string& bytes)
{
  return QCryptographicHash::hash(QByteArray::fromStdString(bytes), QCryptographicHash::Blake2b_256)
      .toHex()
      .toStdString();
}

/// Whether a lock's owner is gone: then the lock is ours, and goes with the guard.
bool isOrphan(const std::filesystem::path& recovery)
{
  QLockFile lock(qtPath(recovery) + QLatin1String(lockEnding));
  lock.setStaleLockTime(0);
  return lock.tryLock(0);
}

SessionQuestions dialogs(QWidget* window)
{
  SessionQuestions questions;
  questions.beforeClosing = [window](const QString& name) {
    QMessageBox box(QMessageBox::Question, SessionPart::tr("Unsaved changes"),
                    SessionPart::tr("Save the changes of %1?").arg(name),
                    QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, window);
    box.setTextFormat(Qt::PlainText);
    box.setDefaultButton(QMessageBox::Save);
    switch (box.exec()) {
      case QMessageBox::Save:
        return SessionQuestions::Close::Save;
      case QMessageBox::Discard:
        return SessionQuestions::Close::Discard;
      default:
        return SessionQuestions::Close::Cancel;
    }
  };
  questions.whereToSave = [window](const QString& suggestion) {
    QString file = QFileDialog::getSaveFileName(window, SessionPart::tr("Save session"), suggestion,
                                                SessionPart::tr("Sessions (*.orrery)"));
    if (!file.isEmpty() && QFileInfo(file).suffix().isEmpty())
      file += QStringLiteral(".orrery");
    return file;
  };
  questions.whatToOpen = [window] {
    return QFileDialog::getOpenFileName(
        window, SessionPart::tr("Open session"), {},
        SessionPart::tr("Sessions and figures (*.orrery *.orrery~ *.png);;All files (*)"));
  };
  questions.mayOpen = [window](const QStringList& paths) {
    QMessageBox box(
        QMessageBox::Question, SessionPart::tr("Files outside the session's folder"),
        SessionPart::tr("This session asks for files outside its own folder. Open them?"),
        QMessageBox::Open | QMessageBox::Cancel, window);
    box.setTextFormat(Qt::PlainText);
    box.setInformativeText(paths.mid(0, 10).join(QLatin1Char('\n')));
    box.setDefaultButton(QMessageBox::Cancel);
    return box.exec() == QMessageBox::Open;
  };
  questions.whereIsIt = [window](const QString& missing) {
    return QFileDialog::getOpenFileName(window, SessionPart::tr("Where is %1 now?").arg(missing));
  };
  questions.recover = [window](const QStringList& names) {
    QMessageBox box(QMessageBox::Question, SessionPart::tr("Work that was not saved"),
                    SessionPart::tr("Orrery did not end as it should. Open what was kept?"),
                    QMessageBox::NoButton, window);
    box.setTextFormat(Qt::PlainText);
    box.setInformativeText(names.join(QLatin1Char('\n')));
    QPushButton* open = box.addButton(SessionPart::tr("&Recover"), QMessageBox::AcceptRole);
    QPushButton* remove =
        box.addButton(SessionPart::tr("&Delete it"), QMessageBox::DestructiveRole);
    box.addButton(SessionPart::tr("&Later"), QMessageBox::RejectRole);
    box.setDefaultButton(open);
    box.exec();
    return box.clickedButton() == open     ? SessionQuestions::Recovery::Open
           : box.clickedButton() == remove ? SessionQuestions::Recovery::Remove
                                           : SessionQuestions::Recovery::Later;
  };
  return questions;
}

}  // namespace

struct SessionPart::Restored {
  std::filesystem::path path;
  Session session;
  std::vector<RestoredLayer> layers;
  std::vector<std::string> failures;
  std::size_t current = 0;
  bool asRecovered = false;
};

SessionPart::SessionPart(const WindowContext& context, QObject* parent)
    : QObject(parent), m_context(context), m_questions(dialogs(context.window))
{
  for (JobRunner* job : {&m_openJob, &m_saveJob})
    context.addJob(job);
  m_autosave.setSingleShot(true);
  m_autosave.setInterval(context.settings->autosaveMs());
  connect(&m_autosave, &QTimer::timeout, this, &SessionPart::writeRecovery);
  connect(&m_saveJob, &JobRunner::failed, this, [this] {
    m_whenSaved = nullptr;
    say(Message::Kind::Note,
        tr("The session is not saved. “Save session as…” takes another place."));
  });
  connect(&m_saveJob, &JobRunner::cancelled, this, [this] { m_whenSaved = nullptr; });
  connect(&m_watcher, &QFileSystemWatcher::fileChanged, this, &SessionPart::showChanged);
  context.on("file.openSession", this, [this] {
    if (const QString file = m_questions.whatToOpen(); !file.isEmpty())
      open(ownPath(file));
  });
  context.on("file.saveSession", this, [this] { save(); });
  context.on("file.saveSessionAs", this, [this] { saveAs(); });
  connectDocument();
}

SessionPart::~SessionPart() = default;

void SessionPart::say(Message::Kind kind, const QString& text, const QString& details) const
{
  m_context.messages->add({kind, text, details, {}, false});
}

void SessionPart::keepState(const std::string& name, std::function<QJsonObject()> save,
                            std::function<void(const QJsonObject&)> restore)
{
  if (!m_states.insert({name, {std::move(save), std::move(restore)}}).second)
    throw std::logic_error("two parts of the window keep their state as " + name);
}

// What is worth keeping --------------------------------------------------------------------------

void SessionPart::connectDocument()
{
  const Document* document = m_context.document;
  // Where there is a session, every change is one of it. Before, looking around is not worth a
  // question at the end, only a copy in case of a crash; what somebody wrote or waited for is.
  connect(m_context.document->undoStack(), &QUndoStack::indexChanged, this, [this] {
    if (!m_path.empty())
      setModified(true);
    else
      keepSoon();
  });
  connect(m_context.annotations, &Annotations::changed, this, [this] { setModified(true); });
  connect(document, &Document::embeddingChanged, this, [this, document] {
    const auto embedding = document->embedding();
    if (embedding &&
        (embedding->method == EmbeddingMethod::Tsne || embedding->method == EmbeddingMethod::Umap))
      setModified(true);
  });
  connect(document, &Document::dictionaryChanged, this, [this, document] {
    if (const auto layer = document->layer();
        layer && !document->computedColumns(layer->id).empty())
      setModified(true);
  });
  connect(document, &Document::layersChanged, this, [this, document] {
    watchInputs();
    if (document->layers().empty() && !m_restoring) {
      m_path.clear();
      m_sessionLock.reset();
      setModified(false);
    } else if (!m_path.empty()) {
      setModified(true);
    }
  });
}

void SessionPart::setModified(bool modified)
{
  if (m_restoring)
    return;
  if (modified)
    keepSoon();
  if (!modified) {
    m_touched = false;
    m_autosave.stop();
    removeRecovery();
  }
  if (modified == m_modified)
    return;
  m_modified = modified;
  emit modifiedChanged(modified);
}

void SessionPart::keepSoon()
{
  if (m_restoring)
    return;
  m_touched = true;
  if (!m_autosave.isActive() && m_asks)
    m_autosave.start();
}

void SessionPart::watchInputs()
{
  if (!m_watcher.files().isEmpty())
    m_watcher.removePaths(m_watcher.files());
  for (const auto& layer : m_context.document->layers()) {
    const auto& path = layer->dictionary->source.path;
    std::error_code ignored;
    if (!path.empty() && std::filesystem::is_regular_file(path, ignored))
      m_watcher.addPath(qtPath(path));
  }
}

void SessionPart::showChanged(const QString& path)
{
  for (const auto& layer : m_context.document->layers()) {
    const MatrixSource& source = layer->dictionary->source;
    if (qtPath(source.path) != path)
      continue;
    try {
      const ByteSource now(source.path);
      // Editors replace files: the watcher must look at the new one.
      m_watcher.addPath(path);
      if (now.size() == source.fileSize && now.modifiedNs() == source.modifiedNs)
        return;
    } catch (const Error&) {
      if (m_toldChanged.insert(path + QLatin1Char('!')).second)
        say(Message::Kind::Warning,
            tr("%1 is gone from the disk. What was read of it is still here.")
                .arg(nameOf(source.path)));
      return;
    }
    if (m_toldChanged.insert(path).second)
      m_context.messages->add({Message::Kind::Warning,
                               tr("%1 has changed on the disk. Shown is what was read before; "
                                  "open it again to see the new data.")
                                   .arg(nameOf(source.path)),
                               {},
                               source.path,
                               true});
    return;
  }
}

// Saving -----------------------------------------------------------------------------------------

Session SessionPart::capture() const
{
  // The parts first: what somebody is typing is written down before it is kept.
  std::map<std::string, std::string> parts;
  for (const auto& [name, state] : m_states)
    parts[name] = QJsonDocument(state.save()).toJson(QJsonDocument::Compact).toStdString();
  Session session = sessionOf(*m_context.document, *m_context.annotations, m_known);
  session.program = "orrery " ORRERY_VERSION;
  session.original = m_path;
  if (session.current < session.layers.size() && m_context.document->embedding())
    session.layers[session.current].view.camera = m_context.cloud->view()->camera();
  session.parts = std::move(parts);
  return session;
}

std::string SessionPart::text() const
{
  return sessionText(capture(), {});
}

void SessionPart::save()
{
  if (m_path.empty() || m_readOnly)
    saveAs();
  else
    saveTo(m_path);
}

void SessionPart::saveAs()
{
  const auto dictionary = m_context.document->dictionary();
  if (!dictionary)
    return;
  QString suggestion = qtPath(m_path);
  if (suggestion.isEmpty()) {
    QString stem = QString::fromStdString(dictionary->name);
    stem.replace(QLatin1Char('/'), QLatin1Char('_'));
    const auto folder = dictionary->source.path.parent_path();
    suggestion = (folder.empty() ? QString() : qtPath(folder) + QLatin1Char('/')) + stem +
                 QStringLiteral(".orrery");
  }
  const QString file = m_questions.whereToSave(suggestion);
  if (file.isEmpty())
    m_whenSaved = nullptr;
  else
    saveTo(ownPath(file));
}

void SessionPart::saveTo(const std::filesystem::path& path)
{
  const auto target = std::filesystem::absolute(path);
  m_autosaveJob.cancel();
  m_saveJob.start(
      tr("Saving %1").arg(nameOf(target)),
      [target, session = capture()](const Progress& progress) mutable {
        session.original.clear();
        hashInputs(session, progress.stage("looking over the inputs", 0.0, 0.5));
        saveSession(target, session, progress.stage("saving", 0.5, 1.0));
        std::map<std::filesystem::path, SessionInput> known;
        for (const SessionLayer& layer : session.layers) {
          known[layer.input.absolute] = layer.input;
          if (layer.labels)
            known[layer.labels->absolute] = *layer.labels;
        }
        return std::pair(known, fileHash(target));
      },
      [this, target](std::pair<std::map<std::filesystem::path, SessionInput>, std::string> done) {
        m_known.merge(done.first);
        m_context.settings->addOwnSession(QString::fromStdString(done.second));
        m_context.settings->addRecent(qtPath(target));
        if (m_path != target)
          holdSession(target);
        m_path = target;
        m_readOnly = false;
        setModified(false);
        for (const auto& file : std::exchange(m_recovered, {})) {
          std::error_code ignored;
          std::filesystem::remove(file, ignored);
        }
        say(Message::Kind::Note, tr("The session is saved in %1.").arg(nameOf(target)),
            textOf(target));
        emit saved();
        if (const auto then = std::exchange(m_whenSaved, nullptr))
          then();
      });
}

void SessionPart::holdSession(const std::filesystem::path& path)
{
  const auto folder = m_context.settings->stateFolder();
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  const std::string name = bytesHash(std::filesystem::weakly_canonical(path, ignored).native());
  m_sessionLock = std::make_unique<QLockFile>(qtPath(folder / ("open-" + name.substr(0, 24))) +
                                              QLatin1String(lockEnding));
  m_sessionLock->setStaleLockTime(0);
  if (m_sessionLock->tryLock(0))
    return;
  qint64 process = 0;
  QString host, application;
  m_sessionLock->getLockInfo(&process, &host, &application);
  say(Message::Kind::Warning,
      tr("%1 is open in another window too (process %2): whoever saves later wins.")
          .arg(nameOf(path))
          .arg(process));
  m_sessionLock.reset();
}

// Opening ----------------------------------------------------------------------------------------

bool SessionPart::isSession(const std::filesystem::path& path)
{
  const QString ending = QString::fromStdString(path.extension().string()).toLower();
  return ending == QLatin1String(".png") || looksLikeSession(path);
}

void SessionPart::open(const std::filesystem::path& path)
{
  if (!mayLeave([this, path] { open(path); }))
    return;
  const auto absolute = std::filesystem::absolute(path);
  m_openJob.start(
      tr("Opening %1").arg(nameOf(path)),
      [absolute](const Progress& progress) {
        const bool picture = QString::fromStdString(absolute.extension().string()).toLower() ==
                             QLatin1String(".png");
        if (picture) {
          const std::string text = sessionOfPicture(absolute);
          return std::pair(readSessionText(text, displayName(absolute), absolute.parent_path()),
                           std::string());
        }
        try {
          return std::pair(readSession(absolute, progress), fileHash(absolute));
        } catch (const Error& error) {
          std::error_code ignored;
          if (std::filesystem::exists(sessionBackup(absolute), ignored))
            throw Error(std::string(error.what()) + ". The session before it is kept as " +
                        displayName(sessionBackup(absolute).filename()) + ": open that");
          throw;
        }
      },
      [this, absolute](std::pair<Session, std::string> read) {
        // Recovery files are written by nobody else: coming back from a crash asks nothing more.
        const bool own = absolute.parent_path() == m_context.settings->stateFolder() ||
                         (!read.second.empty() &&
                          m_context.settings->isOwnSession(QString::fromStdString(read.second)));
        resolve(std::move(read.first), absolute, own);
      });
}

void SessionPart::resolve(Session session, const std::filesystem::path& path, bool trusted)
{
  const auto folder = path.parent_path();
  struct Places {
    std::optional<std::filesystem::path> matrix, labels;
    std::string failure;
  };
  std::vector<Places> places(session.layers.size());
  std::vector<std::filesystem::path> outside;
  const QStringList recent = m_context.settings->recent();
  const auto consider = [&](const std::optional<std::filesystem::path>& place) {
    const bool network = place && place->native().starts_with("//");
    if (place && !trusted &&
        (network || (isOutside(*place, folder) && !recent.contains(qtPath(*place)))))
      outside.push_back(*place);
  };
  for (std::size_t i = 0; i < places.size(); ++i) {
    const SessionLayer& layer = session.layers[i];
    if (!layer.hasFile())
      continue;
    places[i].matrix = placeOf(layer.input, folder);
    if (layer.labels)
      places[i].labels = placeOf(*layer.labels, folder);
    consider(places[i].matrix);
    consider(places[i].labels);
  }
  if (!outside.empty()) {
    std::sort(outside.begin(), outside.end());
    outside.erase(std::unique(outside.begin(), outside.end()), outside.end());
    QStringList texts;
    for (const auto& place : outside)
      texts << textOf(place);
    if (!m_questions.mayOpen(texts)) {
      say(Message::Kind::Note, tr("%1 was not opened.").arg(nameOf(path)));
      return;
    }
  }
  std::map<std::filesystem::path, std::optional<std::filesystem::path>> found;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const SessionLayer& layer = session.layers[i];
    if (!layer.hasFile() || places[i].matrix)
      continue;
    const auto& missing = layer.input.absolute;
    if (!found.count(missing)) {
      const QString answer = m_questions.whereIsIt(textOf(missing));
      if (!answer.isEmpty())
        found[missing] = ownPath(answer);
      else
        found[missing] = std::nullopt;
    }
    places[i].matrix = found[missing];
    if (!places[i].matrix)
      places[i].failure = displayName(missing) + ": is missing; this layer stays closed";
  }
  m_openJob.start(
      tr("Opening %1").arg(nameOf(path)),
      [session = std::move(session), path, places](const Progress& progress) {
        Restored restored;
        restored.path = path;
        restored.session = session;
        const auto count = static_cast<double>(places.size());
        for (std::size_t i = 0; i < places.size(); ++i) {
          const SessionLayer& layer = session.layers[i];
          const auto at = static_cast<double>(i);
          if (!places[i].failure.empty()) {
            restored.failures.push_back(places[i].failure);
            continue;
          }
          try {
            if (i == session.current)
              restored.current = restored.layers.size();
            restored.layers.push_back(restoreLayer(
                layer, places[i].matrix.value_or(std::filesystem::path()), places[i].labels,
                progress.stage("reading", at / count, (at + 1) / count)));
            if (layer.labels && !places[i].labels)
              restored.layers.back().warnings.push_back(displayName(layer.labels->absolute) +
                                                        ": is missing, so there are no labels");
          } catch (const Error& error) {
            restored.failures.emplace_back(error.what());
          }
        }
        return restored;
      },
      [this](Restored restored) { install(std::move(restored)); });
}

void SessionPart::install(Restored restored)
{
  for (const std::string& failure : restored.failures)
    say(Message::Kind::Failure, QString::fromStdString(failure));
  if (restored.layers.empty()) {
    if (restored.failures.empty())
      say(Message::Kind::Note, tr("%1 holds no layers.").arg(nameOf(restored.path)));
    return;
  }
  Document& document = *m_context.document;
  {
    const QScopedValueRollback restoring(m_restoring, true);
    while (!document.layers().empty())
      document.closeLayer(document.layers().back()->id);
    std::vector<int> ids;
    for (RestoredLayer& layer : restored.layers) {
      ids.push_back(document.addLayer(layer.dictionary, layer.embedding, layer.view,
                                      std::move(layer.computed)));
      m_context.annotations->restore(ids.back(), std::move(layer.annotations));
    }
    document.setCurrentLayer(ids[std::min(restored.current, ids.size() - 1)]);
    document.undoStack()->clear();
    for (const auto& [name, text] : restored.session.parts)
      if (const auto state = m_states.find(name); state != m_states.end())
        state->second.restore(QJsonDocument::fromJson(QByteArray::fromStdString(text)).object());
  }
  const bool recovered = restored.path.parent_path() == m_context.settings->stateFolder();
  const bool picture =
      QString::fromStdString(restored.path.extension().string()).toLower() == QLatin1String(".png");
  const bool backup = restored.path.native().ends_with('~');
  m_readOnly = restored.session.isNewer();
  m_path = recovered || picture ? (recovered ? restored.session.original : std::filesystem::path())
           : backup             ? std::filesystem::path()
                                : restored.path;
  m_modified = !recovered;  // so that the change below is told
  setModified(recovered);
  if (recovered) {
    m_recovered.push_back(restored.path);
    say(Message::Kind::Note, tr("This is what was kept before Orrery ended. Save it to keep it."));
  } else {
    if (!picture && !backup) {
      holdSession(restored.path);
      m_context.settings->addRecent(qtPath(restored.path));
    }
    say(Message::Kind::Note, tr("%1 is open again.").arg(nameOf(restored.path)),
        textOf(restored.path));
  }
  if (m_readOnly)
    say(Message::Kind::Warning,
        tr("%1 was written by a newer Orrery (format %2; this one knows %3). What is understood is "
           "shown, and saving asks for another name.")
            .arg(nameOf(restored.path))
            .arg(restored.session.format)
            .arg(sessionFormat));
  for (const std::string& note : restored.session.notes)
    say(Message::Kind::Warning, QString::fromStdString(note));
  for (const RestoredLayer& layer : restored.layers)
    for (const std::string& warning : layer.warnings)
      say(Message::Kind::Warning, QString::fromStdString(warning));
  emit opened();
}

// The end, and what comes after a crash ----------------------------------------------------------

void SessionPart::start()
{
  m_asks = true;
  const auto folder = m_context.settings->stateFolder();
  std::error_code fault;
  std::filesystem::create_directories(folder, fault);
  m_recoveryFile =
      folder / (QUuid::createUuid().toString(QUuid::WithoutBraces).toStdString() + ".orrery");
  m_recoveryLock = std::make_unique<QLockFile>(qtPath(m_recoveryFile) + QLatin1String(lockEnding));
  m_recoveryLock->setStaleLockTime(0);
  m_recoveryLock->tryLock(0);
  std::set<std::filesystem::path> folders{folder};
  for (const QString& recent : m_context.settings->recent())
    folders.insert(ownPath(recent).parent_path());
  m_tidyJob.start(
      tr("Tidying up"),
      [folders](const Progress& progress) {
        int removed = 0;
        for (const auto& one : folders) {
          progress.checkStopped();
          removed += removeStrayTemporaries(one);
        }
        return removed;
      },
      [](int) {});
  if (m_touched)
    m_autosave.start();
  offerRecovery();
}

void SessionPart::offerRecovery()
{
  std::vector<std::filesystem::path> left;
  bool crashed = false;
  std::error_code fault;
  for (const auto& entry :
       std::filesystem::directory_iterator(m_context.settings->stateFolder(), fault)) {
    const auto& path = entry.path();
    if (path == m_recoveryFile)
      continue;
    // A lock whose owner is dead tells of a crash, with or without something to recover.
    if (path.native().ends_with(std::string(".orrery") + lockEnding)) {
      QLockFile lock(qtPath(path));
      lock.setStaleLockTime(0);
      if (lock.tryLock(0))
        crashed = true;
    } else if (path.extension() == ".orrery") {
      left.push_back(path);
    }
  }
  std::erase_if(left, [](const auto& path) { return !isOrphan(path); });
  const int crashes = crashed ? m_context.settings->crashes() + 1 : 0;
  m_context.settings->setCrashes(crashes);
  if (left.empty())
    return;
  if (crashes >= 2) {
    // What was kept, or the layout, may be the cause.
    say(Message::Kind::Warning, tr("Orrery ended unexpectedly twice in a row, so nothing is opened "
                                   "by itself. What was kept "
                                   "lies in %1.")
                                    .arg(textOf(m_context.settings->stateFolder())));
    return;
  }
  std::sort(left.begin(), left.end(), [&](const auto& a, const auto& b) {
    return std::filesystem::last_write_time(a, fault) > std::filesystem::last_write_time(b, fault);
  });
  QStringList names;
  std::filesystem::path newest;
  for (const auto& path : left) {
    try {
      const Session session = readSession(path);
      QString name = session.original.empty() ? tr("never saved") : nameOf(session.original);
      if (!session.layers.empty())
        name += QStringLiteral(" · ") + visibleText(session.layers[session.current].name, 60);
      names << name + QStringLiteral(" · ") +
                   QFileInfo(qtPath(path)).lastModified().toString(Qt::ISODate);
      if (newest.empty())
        newest = path;
    } catch (const Error& error) {
      say(Message::Kind::Warning,
          tr("What was kept in %1 cannot be read and is left alone.").arg(nameOf(path)),
          QString::fromUtf8(error.what()));
    }
  }
  if (newest.empty())
    return;
  switch (m_questions.recover(names)) {
    case SessionQuestions::Recovery::Open:
      open(newest);
      break;
    case SessionQuestions::Recovery::Remove:
      for (const auto& path : left)
        std::filesystem::remove(path, fault);
      break;
    case SessionQuestions::Recovery::Later:
      break;
  }
}

void SessionPart::writeRecovery()
{
  if (m_recoveryFile.empty() || !m_touched || m_context.document->layers().empty())
    return;
  m_autosaveJob.start(
      tr("Keeping a copy"),
      [session = capture(), file = m_recoveryFile](const Progress& progress) {
        // One at a time, and a copy that was cancelled (the session is saved) leaves nothing.
        static std::mutex writing;
        const std::string text = sessionText(session, file.parent_path());
        const std::lock_guard lock(writing);
        progress.checkStopped();
        writeFileAtomically(file, text);
        if (progress.stopRequested()) {
          std::error_code ignored;
          std::filesystem::remove(file, ignored);
        }
        return true;
      },
      [](bool) {});
}

void SessionPart::removeRecovery()
{
  m_autosaveJob.cancel();
  std::error_code ignored;
  if (!m_recoveryFile.empty())
    std::filesystem::remove(m_recoveryFile, ignored);
}

bool SessionPart::mayClose()
{
  const bool may = mayLeave([this] { m_context.window->close(); });
  if (may && m_asks)
    setModified(false);  // it ends as it should: there is nothing to recover
  return may;
}

bool SessionPart::mayLeave(std::function<void()> whenSaved)
{
  if (m_asking || m_saveJob.isRunning())
    return false;
  if (!m_asks || !m_modified || m_context.document->layers().empty())
    return true;
  const QScopedValueRollback asking(m_asking, true);
  const QString name = m_path.empty() ? tr("this session, which was never saved") : nameOf(m_path);
  switch (m_questions.beforeClosing(name)) {
    case SessionQuestions::Close::Cancel:
      return false;
    case SessionQuestions::Close::Discard:
      setModified(false);
      return true;
    case SessionQuestions::Close::Save:
      m_whenSaved = std::move(whenSaved);
      save();
      return false;
  }
  return true;
}

void SessionPart::end()
{
  m_asks = false;
  m_autosave.stop();
  m_autosaveJob.cancel();
  if (m_recoveryFile.empty() || !m_touched || m_context.document->layers().empty())
    return;
  try {
    writeFileAtomically(m_recoveryFile, sessionText(capture(), m_recoveryFile.parent_path()));
  } catch (const std::exception&) {
    // Nobody is left to be told.
  }
}

}  // namespace orrery
