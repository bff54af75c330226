// The real window, driven from outside by keys and mouse as somebody at it would: open a file,
// turn, lasso, recolour, undo, save the session, kill −9, recover, export, reopen the exported
// picture. Every step is checked by state (what the program keeps on disk: the recovery file, the
// session, the picture's own session) and by what is seen on the screen.
//
// The steps are test functions, in order: each begins where the one before ended.
#include "tests/app/Desktop.h"
#include "tests/app/Program.h"
#include "tests/support/Pictures.h"
#include "tests/support/TestData.h"

#include <QDirIterator>
#include <QPolygonF>
#include <QVector3D>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <random>
#include <set>

using namespace orrery::test;
using Json = nlohmann::json;

namespace {

constexpr int features = 900;
constexpr QSize screenSize(1280, 800);
constexpr double same = 0.98;   // similarity of pictures that should be equal …
constexpr double other = 0.95;  // … and the most that different ones may have
/// Of a cloud's picture, mostly ground, what another colouring changes at least.
constexpr double recoloured = 0.02;

/// Three clouds in eight dimensions, with a category and a number to colour by.
void writeWords(const std::filesystem::path& matrix)
{
  std::mt19937 random(4);
  std::vector<float> values;
  std::string labels = "index\tlabel\tgroup\tscore\n";
  for (int i = 0; i < features; ++i) {
    const int group = i % 3;
    for (int axis = 0; axis < 8; ++axis)
      values.push_back((axis == group ? 4.0f : 0.0f) +
                       1.2f * static_cast<float>(random() % 2001) / 1000.0f);
    labels += std::to_string(i) + "\tword " + std::to_string(i) + "\t" +
              std::array{"first", "second", "third"}[static_cast<std::size_t>(group)] + "\t" +
              std::to_string(i % 50) + "\n";
  }
  writeNpy(matrix, values, features, 8);
  writeText(std::filesystem::path(matrix).replace_extension(".tsv"), labels);
}

std::set<int> idsOf(const std::string& ranges)
{
  std::set<int> ids;
  for (const QString& part : QString::fromStdString(ranges).split(',', Qt::SkipEmptyParts)) {
    const QStringList ends = part.split('-');
    for (int id = ends.front().toInt(); id <= ends.back().toInt(); ++id)
      ids.insert(id);
  }
  return ids;
}

/// The share of pixels whose colour differs visibly; 1 where the sizes do.
double changedShare(const QImage& a, const QImage& b)
{
  if (a.size() != b.size())
    return 1.0;
  qint64 changed = 0;
  for (int y = 0; y < a.height(); ++y)
    for (int x = 0; x < a.width(); ++x) {
      const QRgb p = a.pixel(x, y), q = b.pixel(x, y);
      changed += std::abs(qRed(p) - qRed(q)) + std::abs(qGreen(p) - qGreen(q)) +
                     std::abs(qBlue(p) - qBlue(q)) >
                 60;
    }
  return static_cast<double>(changed) / (static_cast<double>(a.width()) * a.height());
}

const Json& viewOf(const Json& session)
{
  return session["layers"][0]["view"];
}

std::set<int> selectionOf(const Json& session)
{
  return idsOf(viewOf(session)["selection"].get<std::string>());
}

std::set<int> complement(const std::set<int>& ids)
{
  std::set<int> rest;
  for (int id = 0; id < features; ++id)
    if (!ids.count(id))
      rest.insert(id);
  return rest;
}

/// Where a session's features lie on the picture, from its map and camera alone.
std::vector<QPointF> screenPlaces(const Json& session, QSizeF picture)
{
  const QByteArray bytes = qUncompress(QByteArray::fromBase64(
      QByteArray::fromStdString(session["layers"][0]["map"]["positions"].get<std::string>())));
  std::vector<float> positions(static_cast<std::size_t>(features) * 3);
  if (bytes.size() != features * 12)
    return {};
  std::memcpy(positions.data(), bytes.data(), static_cast<std::size_t>(bytes.size()));
  const Json& camera = viewOf(session)["camera"];
  const auto vector = [&](std::size_t at) {
    const Json& numbers = camera["numbers"];
    return QVector3D(numbers[at].get<float>(), numbers[at + 1].get<float>(),
                     numbers[at + 2].get<float>());
  };
  const QVector3D eye = vector(0), ahead = (vector(3) - eye).normalized();
  const QVector3D right = QVector3D::crossProduct(ahead, vector(6)).normalized();
  const QVector3D up = QVector3D::crossProduct(right, ahead);
  const bool orthographic = camera["orthographic"].get<bool>();
  const double scale = camera["numbers"][9].get<double>();
  std::vector<QPointF> places;
  for (std::size_t i = 0; i < positions.size(); i += 3) {
    const QVector3D way = QVector3D(positions[i], positions[i + 1], positions[i + 2]) - eye;
    // Half the height of what is seen at that depth: 30 degrees, or the scale.
    const double half =
        orthographic ? scale : QVector3D::dotProduct(way, ahead) * std::tan(M_PI / 12.0);
    const double perUnit = picture.height() / (2.0 * half);
    places.emplace_back(picture.width() / 2 + perUnit * QVector3D::dotProduct(way, right),
                        picture.height() / 2 - perUnit * QVector3D::dotProduct(way, up));
  }
  return places;
}

double distanceToEdge(const QPolygonF& polygon, QPointF place)
{
  double nearest = 1e9;
  for (int i = 0; i < polygon.size(); ++i) {
    const QPointF a = polygon[i], side = polygon[(i + 1) % polygon.size()] - a;
    const double along = std::clamp(
        QPointF::dotProduct(place - a, side) / QPointF::dotProduct(side, side), 0.0, 1.0);
    const QPointF way = place - a - along * side;
    nearest = std::min(nearest, std::hypot(way.x(), way.y()));
  }
  return nearest;
}

}  // namespace

class tst_EndToEnd : public QObject {
  Q_OBJECT
 private:
  Workplace m_folder;
  std::unique_ptr<Desktop> m_desktop;
  QProcess m_program;
  bool m_broken = false;  ///< A step has failed: those after it have nowhere to begin.
  QRect m_view;           ///< Of the cloud's picture on the screen.
  Json m_state;           ///< After the step before.
  std::set<int> m_lassoed;
  QImage m_opened, m_turned, m_selected, m_inverted;

  [[nodiscard]] QString file(const char* name) const
  {
    return QString::fromStdString(m_folder.text(name));
  }

  void startProgram()
  {
    m_program.setProcessEnvironment(m_desktop->environment());
    m_program.setProcessChannelMode(QProcess::ForwardedChannels);
    m_program.start(QString::fromStdString(programFolder() + "/orrery"), QStringList());
    QVERIFY(m_program.waitForStarted());
  }

  /// The newest recovery file; discarded if there is none.
  [[nodiscard]] Json recovery() const
  {
    QFileInfo newest;
    QDirIterator files(file("data"), {"*.orrery"}, QDir::Files, QDirIterator::Subdirectories);
    while (files.hasNext()) {
      files.next();
      if (!newest.exists() || files.fileInfo().lastModified() > newest.lastModified())
        newest = files.fileInfo();
    }
    return newest.exists() ? read(newest.filePath()) : Json(Json::value_t::discarded);
  }
  static Json read(const QString& path)
  {
    return Json::parse(readText(path.toStdString()), nullptr, false);
  }

  /// Waits until what the program keeps of itself is so, and remembers it.
  bool waitForState(const std::function<bool(const Json&)>& condition, int timeoutMs = 60'000)
  {
    return waitUntil(
        [&] {
          Json now = recovery();
          if (now.is_discarded() || !condition(now))
            return false;
          m_state = std::move(now);
          return true;
        },
        timeoutMs);
  }

  /// A message takes room from the picture, and a note goes when its time has come.
  void closeMessages()
  {
    for (int i = 0; i < 4; ++i)
      m_desktop->key("shift+Escape");
  }

  /// Whether a dark line has come to @p place since @p before.
  bool isDrawnTo(QPoint place, const QImage& before) const
  {
    const QImage now = m_desktop->picture();
    const QRect around = QRect(place - QPoint(2, 2), QSize(5, 5)).intersected(now.rect());
    for (int y = around.top(); y <= around.bottom(); ++y)
      for (int x = around.left(); x <= around.right(); ++x)
        if (qGray(now.pixel(x, y)) < 90 && qGray(before.pixel(x, y)) >= 90)
          return true;
    return false;
  }

  /// The cloud alone, the cursor elsewhere, once nothing moves any more.
  QImage cloudPicture()
  {
    closeMessages();
    m_desktop->moveTo(QPoint(screenSize.width() - 2, screenSize.height() - 2));
    return m_desktop->stillPicture(m_view);
  }

  /// Into a file dialog: the whole name, then Enter until it is gone.
  bool answerFileDialog(const QString& title, const QString& path)
  {
    if (!m_desktop->waitForTitle(title))
      return false;
    m_desktop->key("ctrl+a");
    m_desktop->type(path);
    return waitUntil([&] {
      if (!m_desktop->activeTitle().contains(title))
        return true;
      m_desktop->key("Return");
      return waitUntil([&] { return !m_desktop->activeTitle().contains(title); }, 2000);
    });
  }

 private slots:
  void initTestCase()
  {
    if (const QString why = Desktop::missing(); !why.isEmpty()) {
      m_broken = true;
      if (onCi())
        QFAIL(qPrintable(why));
      QSKIP(qPrintable(why));
    }
    m_desktop =
        std::make_unique<Desktop>(QString::fromStdString(m_folder.folder().string()), screenSize);
    QVERIFY2(m_desktop->problem().isEmpty(), qPrintable(m_desktop->problem()));
    writeWords(m_folder / "words.npy");
    // Changes are kept after a second, so that there is a state to look at after each step.
    std::filesystem::create_directories(m_folder / "config/orrery");
    writeText(m_folder / "config/orrery/orrery.conf",
              "[General]\ntheme=light\n[session]\nautosaveSeconds=1\n");
  }

  void init() { QVERIFY2(!m_broken, "the step before failed"); }

  void cleanup()
  {
    if (!QTest::currentTestFailed())
      return;
    if (!m_broken && m_desktop) {
      const QString kept = QString::fromStdString(programFolder() + "/../tests/pictures");
      QDir().mkpath(kept);
      m_desktop->picture().save(kept + "/endtoend-" + QTest::currentTestFunction() + ".png");
      qWarning("the screen is kept in %s", qPrintable(kept));
    }
    m_broken = true;
  }

  void cleanupTestCase()
  {
    if (m_program.state() != QProcess::NotRunning) {
      m_program.kill();
      m_program.waitForFinished();
    }
    m_desktop.reset();
  }

  void opensAFile()
  {
    startProgram();
    QVERIFY(m_desktop->waitForTitle("Orrery"));
    const QImage start = m_desktop->stillPicture();
    m_desktop->key("ctrl+o");
    QVERIFY(answerFileDialog("Open a dictionary", file("words.npy")));
    QVERIFY(m_desktop->waitForTitle("Open"));
    QVERIFY(waitUntil([&] {  // what is in the file is shown before it is read
      m_desktop->key("Return");
      return m_desktop->waitForTitle("words – Orrery", 2000);
    }));
    QVERIFY(waitUntil([&] { return similarity(m_desktop->stillPicture(), start) < other; }));
    closeMessages();
    QVERIFY(waitUntil([&] {  // looks along an axis as soon as there is a map
      m_desktop->key("1");
      return waitForState([](const Json& now) { return !viewOf(now)["camera"].is_null(); }, 3000);
    }));
    const Json& layer = m_state["layers"][0];
    QCOMPARE(layer["features"].get<int>(), features);
    QCOMPARE(QString::fromStdString(layer["map"]["method"].get<std::string>()), QString("PCA"));
    const Json& cloud = m_state["parts"]["window"]["cloud"];
    m_view = QRect(cloud["x"].get<int>(), cloud["y"].get<int>(), cloud["width"].get<int>(),
                   cloud["height"].get<int>())
                 .translated(m_desktop->activeFrame().topLeft());
    QVERIFY(QRect(QPoint(), screenSize).contains(m_view));
    m_opened = cloudPicture();
  }

  void turnsTheCloud()
  {
    const Json before = viewOf(m_state)["camera"]["numbers"];
    const QPoint middle = m_view.center();
    m_desktop->drag(
        {middle, middle + QPoint(40, 10), middle + QPoint(90, 25), middle + QPoint(150, 40)});
    QVERIFY(
        waitForState([&](const Json& now) { return viewOf(now)["camera"]["numbers"] != before; }));
    const Json after = viewOf(m_state)["camera"]["numbers"];
    double distance[2] = {0, 0};
    for (std::size_t i = 0; i < 3; ++i) {
      QVERIFY(std::abs(before[i + 3].get<double>() - after[i + 3].get<double>()) < 1e-6);
      distance[0] += std::pow(before[i].get<double>() - before[i + 3].get<double>(), 2);
      distance[1] += std::pow(after[i].get<double>() - after[i + 3].get<double>(), 2);
    }
    // Turned about its centre, neither moved nor zoomed.
    QVERIFY(std::abs(distance[0] / distance[1] - 1.0) < 1e-5);
    m_turned = cloudPicture();
    QVERIFY(similarity(m_turned, m_opened) < other);
  }

  void lassoes()
  {
    m_desktop->key("l");
    QPolygonF lasso;  // about the middle, in the picture's coordinates
    const QPointF middle(m_view.width() / 2.0 - 40, m_view.height() / 2.0);
    for (int corner = 0; corner < 9; ++corner)
      lasso << (middle + QPointF(std::round(150 * std::cos(corner * 0.698)),
                                 std::round(120 * std::sin(corner * 0.698))));
    const auto onScreen = [&](QPointF place) { return m_view.topLeft() + place.toPoint(); };
    m_desktop->moveTo(onScreen(lasso[0]));
    m_desktop->xdotool({"mousedown", "1"});
    for (const QPointF& corner : lasso.mid(1)) {
      // Positions that come faster than they are handled are dropped: the line must have reached
      // each corner before the next.
      const QImage before = m_desktop->picture();
      m_desktop->moveTo(onScreen(corner));
      QVERIFY(waitUntil([&] { return isDrawnTo(onScreen(corner), before); }));
    }
    m_desktop->xdotool({"mouseup", "1"});
    QVERIFY(waitForState([](const Json& now) { return !selectionOf(now).empty(); }));
    m_lassoed = selectionOf(m_state);
    const std::vector<QPointF> places = screenPlaces(m_state, m_view.size());
    QCOMPARE(places.size(), std::size_t{features});
    int inside = 0, onEdge = 0;
    for (int id = 0; id < features; ++id) {
      const QPointF place = places[static_cast<std::size_t>(id)];
      if (distanceToEdge(lasso, place) < 1.5) {
        ++onEdge;
        continue;
      }
      const bool expected = lasso.containsPoint(place, Qt::OddEvenFill);
      inside += expected;
      QVERIFY2(m_lassoed.count(id) == static_cast<std::size_t>(expected),
               qPrintable(QString("word %1 at %2, %3").arg(id).arg(place.x()).arg(place.y())));
    }
    QVERIFY(inside > 20 && inside < features - 20);
    QVERIFY(onEdge < 40);
    m_selected = cloudPicture();
    QVERIFY(m_selected != m_turned);
  }

  void recolours()
  {
    const Json before = viewOf(m_state);
    m_desktop->key("alt+b");  // Colour by
    m_desktop->key("Down");
    QVERIFY(waitForState([&](const Json& now) {
      return viewOf(now)["look"]["color_by"] != before["look"]["color_by"];
    }));
    QVERIFY(selectionOf(m_state) == m_lassoed);
    QVERIFY(viewOf(m_state)["camera"] == before["camera"]);
    QVERIFY2(changedShare(cloudPicture(), m_selected) > recoloured,
             QByteArray::number(changedShare(cloudPicture(), m_selected)));
    m_desktop->key("ctrl+z");
    QVERIFY(waitForState([&](const Json& now) { return viewOf(now) == before; }));
    const double back = similarity(cloudPicture(), m_selected);
    QVERIFY2(back >= same, QByteArray::number(back));
  }

  void savesTheSession()
  {
    m_desktop->key("ctrl+s");
    QVERIFY(answerFileDialog("Save session", file("work.orrery")));
    QVERIFY(m_desktop->waitForTitle("work.orrery"));
    const Json saved = read(file("work.orrery"));
    QVERIFY(!saved.is_discarded());
    QVERIFY(viewOf(saved) == viewOf(m_state));
    QVERIFY(saved["layers"][0]["input"]["hash"].get<std::string>().starts_with("blake2b-256:"));
    // What is saved need not be kept twice.
    QVERIFY(waitUntil([&] { return recovery().is_discarded(); }));
    QVERIFY(similarity(cloudPicture(), m_selected) >= same);
  }

  void comesBackAfterAKill()
  {
    m_desktop->moveTo(m_view.center());
    m_desktop->key("v");  // the program starts with this tool, and without the lasso's hint
    m_desktop->key("ctrl+i");
    const std::set<int> inverted = complement(m_lassoed);
    QVERIFY(waitForState([&](const Json& now) { return selectionOf(now) == inverted; }));
    m_inverted = cloudPicture();
    const QString saved = QString::fromStdString(readText(m_folder / "work.orrery"));
    const Json before = m_state;
    m_program.kill();  // SIGKILL
    QVERIFY(m_program.waitForFinished());
    QCOMPARE(QString::fromStdString(readText(m_folder / "work.orrery")), saved);

    startProgram();
    QVERIFY(m_desktop->waitForTitle("not saved"));
    m_desktop->key("Return");  // Recover
    QVERIFY(m_desktop->waitForTitle("* work.orrery"));
    const auto newFile = [&](const Json& now) {
      return viewOf(now) == viewOf(before) &&
             QDirIterator(file("data"), {"*.orrery"}, QDir::Files, QDirIterator::Subdirectories)
                 .hasNext();
    };
    QVERIFY(waitForState(newFile));
    const double back = similarity(cloudPicture(), m_inverted);
    QVERIFY2(back >= same, QByteArray::number(back));
    m_desktop->key("ctrl+s");
    QVERIFY(waitUntil([&] { return recovery().is_discarded(); }));
    QVERIFY(selectionOf(read(file("work.orrery"))) == inverted);
  }

  void exportsAFigure()
  {
    m_desktop->key("ctrl+shift+e");
    QVERIFY(m_desktop->waitForTitle("Export figure"));
    m_desktop->key("Return");  // Save…
    QVERIFY(answerFileDialog("Save figure", file("figure.png")));
    QVERIFY(waitUntil([&] { return QFile::exists(file("figure.png")); }));
    const QImage figure(file("figure.png"));
    QCOMPARE(figure.width(), 1004);  // 85 mm at 300 dpi
    QCOMPARE(figure.dotsPerMeterX(), 11811);
    const Json inside = Json::parse(figure.text("orrery-session").toStdString(), nullptr, false);
    QVERIFY(!inside.is_discarded());
    QVERIFY(selectionOf(inside) == complement(m_lassoed));

    // The picture opens again without a window, and is the same.
    RunOptions options;
    options.environment = {{"XDG_CACHE_HOME", m_folder.text("cache")}, {"LC_ALL", "C.UTF-8"}};
    const double heightMm = figure.height() / 300.0 * 25.4;
    const Run run =
        runOrrery({"render", m_folder.text("figure.png"), "--output", m_folder.text("again.png"),
                   "--width-mm", "85", "--height-mm", std::to_string(heightMm), "--json"},
                  options);
    ORRERY_COMPARE_STATUS(run, 0);
    const double equal = similarity(QImage(file("again.png")), figure);
    QVERIFY2(equal >= same, QByteArray::number(equal));
  }

  void reopensTheFigure()
  {
    QVERIFY(m_desktop->waitForTitle("work.orrery"));
    m_desktop->key("ctrl+a");  // something else than the picture holds
    QVERIFY(waitForState(
        [](const Json& now) { return selectionOf(now).size() == std::size_t{features}; }));
    m_desktop->key("ctrl+s");
    QVERIFY(waitUntil([&] { return recovery().is_discarded(); }));
    m_desktop->key("ctrl+shift+o");
    QVERIFY(answerFileDialog("Open session", file("figure.png")));
    QVERIFY(waitUntil([&] {
      const QString title = m_desktop->activeTitle();
      return title.contains("words – Orrery") && !title.contains("work.orrery");
    }));
    const double back = similarity(cloudPicture(), m_inverted);
    QVERIFY2(back >= same, QByteArray::number(back));
    m_desktop->key("ctrl+i");
    QVERIFY(waitForState([&](const Json& now) { return selectionOf(now) == m_lassoed; }));
  }

  void ends()
  {
    m_desktop->key("ctrl+q");
    QVERIFY(m_program.waitForFinished(60'000));
    QCOMPARE(m_program.exitStatus(), QProcess::NormalExit);
    QCOMPARE(m_program.exitCode(), 0);
    QVERIFY(recovery().is_discarded());  // ended as it should: nothing to recover
  }
};

QTEST_GUILESS_MAIN(tst_EndToEnd)
#include "tst_EndToEnd.moc"
