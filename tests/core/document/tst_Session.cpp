// Sessions: every setting there and back, the faults of files, and a file of each released format.
#include "core/document/Session.h"
#include "core/io/ResultFile.h"
#include "core/io/results/AtomicFile.h"
#include "tests/support/ExpectError.h"
#include "tests/support/Paths.h"
#include "tests/support/TemporaryFolder.h"

#include <QtTest/QTest>

#include <algorithm>
#include <cmath>
#include <limits>

#include <sys/resource.h>
#include <csignal>

using namespace orrery;
using orrery::test::bytesOf;
using orrery::test::errorOf;
using orrery::test::TemporaryFolder;

namespace {

constexpr int n = 40;

/// A file of 40 × 5 numbers, read as any other.
std::shared_ptr<const Dictionary> writtenDictionary(const std::filesystem::path& path)
{
  ResultArray array{"decoder", {n, 5}, std::vector<float>()};
  for (int i = 0; i < n * 5; ++i)
    std::get<std::vector<float>>(array.values).push_back(std::sin(static_cast<float>(i)));
  writeResult(path, {{array}, {}});
  return std::make_shared<const Dictionary>(readDictionary(path));
}

Camera someCamera()
{
  Camera camera;
  camera.position = {1.5, -2.25, 1.0 / 3.0};
  camera.focalPoint = {0.1, 0.2, 0.3};
  camera.viewUp = {0, 0, 1};
  camera.parallelScale = 2.75;
  camera.orthographic = true;
  return camera;
}

/// A document in which no setting has its default.
struct Everything {
  Document document;
  Annotations annotations{&document};
  std::shared_ptr<Embedding> map = std::make_shared<Embedding>();

  explicit Everything(const std::filesystem::path& input)
  {
    map->positions = Positions::Random(3, n);
    map->positions.col(7).setConstant(std::numeric_limits<float>::quiet_NaN());
    map->method = EmbeddingMethod::Tsne;
    map->dimensions = 2;
    map->description = "t-SNE of 40 features, seed 3.";
    map->options = {{"perplexity", "12"}, {"seed", "3"}};
    map->seconds = 1.25;
    map->explainedVariance = {0.5, 0.125};
    LayerView view;
    view.appearance = {"lobe", "score", "cividis", 3.5, 0.75, false};
    view.search = {"wo.d", true, true};
    view.camera = someCamera();
    view.selection = {0, 1, 2, 5, 39};
    view.current = 5;
    const int id = document.addLayer(writtenDictionary(input), map, view, {});
    Column lobe{"lobe", Column::Kind::Category, {}, {}, {"left", "right"}, "Lobes, k = 2."};
    Column score{"score", Column::Kind::Number, {}, {}, {}, "A score."};
    for (int i = 0; i < n; ++i) {
      lobe.categories.push_back(i % 3 - 1);
      score.numbers.push_back(i == 4 ? std::nan("") : i / 7.0);
    }
    document.setColumns(id, {lobe, score});
    annotations.setNote(id, 3, {"fires on\nquotes <b>", {"check", "zwölf"}});
    NamedSelection kept;
    kept.name = "arm";
    kept.features = {3, 4, 5, 9};
    kept.polygon = {{0.25, 0.5}, {0.75, 0.5}, {0.5, 0.875}};
    kept.camera = someCamera();
    kept.aspect = 1.6;
    kept.visibleOnly = true;
    annotations.keepSelection(id, kept);
    annotations.setFilter(id, ColumnFilter{"score", 0.5, std::numeric_limits<double>::infinity()});
  }

  Session session()
  {
    Session made = sessionOf(document, annotations);
    made.program = "orrery test";
    made.parts["window"] = R"({"view":"cloud"})";
    return made;
  }
};

void compareLayers(const SessionLayer& a, const SessionLayer& b)
{
  QCOMPARE(a.name, b.name);
  QCOMPARE(a.features, b.features);
  QCOMPARE(a.dimensions, b.dimensions);
  QCOMPARE(a.demo, b.demo);
  QCOMPARE(a.made, b.made);
  QCOMPARE(a.synthetic, b.synthetic);
  QVERIFY(a.madeLabels == b.madeLabels);
  QCOMPARE(static_cast<bool>(a.vectors), static_cast<bool>(b.vectors));
  if (a.vectors)
    QVERIFY(*a.vectors == *b.vectors);
  QCOMPARE(a.input.absolute, b.input.absolute);
  QCOMPARE(a.input.size, b.input.size);
  QCOMPARE(a.input.modifiedNs, b.input.modifiedNs);
  QCOMPARE(a.format, b.format);
  QCOMPARE(a.dataset, b.dataset);
  QCOMPARE(a.orientation, b.orientation);
  QVERIFY(a.view == b.view);
  QVERIFY(a.annotations == b.annotations);
  QCOMPARE(static_cast<bool>(a.embedding), static_cast<bool>(b.embedding));
  if (a.embedding) {
    const Embedding &x = *a.embedding, &y = *b.embedding;
    QCOMPARE(x.positions.cols(), y.positions.cols());
    QCOMPARE(std::memcmp(x.positions.data(), y.positions.data(),
                         static_cast<std::size_t>(x.positions.size()) * 4),
             0);
    QCOMPARE(x.method, y.method);
    QCOMPARE(x.dimensions, y.dimensions);
    QCOMPARE(x.description, y.description);
    QVERIFY(x.options == y.options);
    QCOMPARE(x.seconds, y.seconds);
    QVERIFY(x.explainedVariance == y.explainedVariance);
  }
  QCOMPARE(a.columns.size(), b.columns.size());
  for (std::size_t j = 0; j < a.columns.size(); ++j) {
    const Column &x = a.columns[j], &y = b.columns[j];
    QCOMPARE(x.name, y.name);
    QCOMPARE(x.kind, y.kind);
    QVERIFY(x.categories == y.categories);
    QVERIFY(x.categoryNames == y.categoryNames);
    QCOMPARE(x.description, y.description);
    QCOMPARE(x.numbers.size(), y.numbers.size());
    for (std::size_t i = 0; i < x.numbers.size(); ++i)
      QVERIFY(x.numbers[i] == y.numbers[i] ||
              (std::isnan(x.numbers[i]) && std::isnan(y.numbers[i])));
  }
}

std::vector<std::filesystem::path> filesIn(const std::filesystem::path& folder)
{
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    files.push_back(entry.path().filename());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

class tst_Session : public QObject {
  Q_OBJECT

 private slots:
  void everySettingComesBack()
  {
    const TemporaryFolder folder;
    Everything everything(folder.path() / "in.npy");
    const Session before = everything.session();
    const auto path = folder.path() / "work.orrery";
    saveSession(path, before);
    const Session after = readSession(path);
    QVERIFY(after.notes.empty());
    QCOMPARE(after.layers.size(), std::size_t{1});
    compareLayers(after.layers[0], before.layers[0]);
    QVERIFY(after.layers[0].input.hash.starts_with("blake2b-256:"));
    QCOMPARE(after.layers[0].input.relative, std::filesystem::path("in.npy"));
    QCOMPARE(after.program, before.program);
    QCOMPARE(after.parts, before.parts);
    QCOMPARE(after.format, 1);

    // And as one text, as recovery files and pictures hold it.
    const Session inside = readSessionText(sessionText(before, folder.path()), "text", "/none");
    compareLayers(inside.layers[0], before.layers[0]);

    // Into a document and out of it again.
    const RestoredLayer restored =
        restoreLayer(after.layers[0], *placeOf(after.layers[0].input, folder.path()), {});
    QVERIFY(restored.warnings.empty());
    Document document;
    Annotations annotations(&document);
    const int id = document.addLayer(restored.dictionary, restored.embedding, restored.view,
                                     restored.computed);
    annotations.restore(id, restored.annotations);
    QCOMPARE(document.selection()->features(), before.layers[0].view.selection);
    compareLayers(sessionOf(document, annotations).layers[0], before.layers[0]);
    QVERIFY(!document.undoStack()->canUndo());
  }

  // A layer that was made in the program (cleaned of distractors, say) is neither the demo's nor a
  // file's: its vectors are the session's own.
  void layersMadeInTheProgramComeBack()
  {
    const TemporaryFolder folder;
    Everything everything(folder.path() / "in.npy");
    auto made = std::make_shared<Dictionary>();
    made->name = "in, cleaned";
    made->decoder = std::make_shared<const FeatureMatrix>(FeatureMatrix::Random(4, n));
    for (int i = 0; i < n; ++i)
      made->labels.push_back("word " + std::to_string(i));
    made->columns.push_back(
        {"length", Column::Kind::Number, std::vector<double>(n, 6.0), {}, {}, "Letters."});
    made->source.format = "made by Orrery from in";
    everything.document.setCurrentLayer(everything.document.addLayer(made));
    const Session before = everything.session();
    QVERIFY(before.layers[1].made && !before.layers[1].demo);
    QCOMPARE(before.current, std::size_t{1});
    const auto path = folder.path() / "work.orrery";
    saveSession(path, before);
    for (const Session& after :
         {readSession(path),
          readSessionText(sessionText(before, folder.path()), "text", "/none")}) {
      QVERIFY(after.notes.empty());
      QCOMPARE(after.format, 2);
      QCOMPARE(after.minReader, 2);  // a reader that does not know them would take the file's
      QCOMPARE(after.layers.size(), std::size_t{2});
      compareLayers(after.layers[1], before.layers[1]);
      const RestoredLayer restored = restoreLayer(after.layers[1], {}, {});
      QCOMPARE(restored.dictionary->name, made->name);
      QVERIFY(*restored.dictionary->decoder == *made->decoder);
      QVERIFY(restored.dictionary->labels == made->labels);
      QCOMPARE(restored.dictionary->column("length")->numbers[3], 6.0);
      QVERIFY(!restored.dictionary->synthetic);
    }

    // Without its results the layer is gone, and that is said; the other one stays.
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      if (entry.path().extension() == ".h5")
        std::filesystem::remove(entry.path());
    const Session lost = readSession(path);
    QCOMPARE(lost.layers.size(), std::size_t{1});
    QCOMPARE(lost.current, std::size_t{0});
    QVERIFY(std::any_of(lost.notes.begin(), lost.notes.end(), [](const std::string& note) {
      return note.find("'in, cleaned' was made in the program") != std::string::npos;
    }));

    // Too large for one text: left out there, and said.
    auto large = std::make_shared<Dictionary>(*made);
    large->decoder = std::make_shared<const FeatureMatrix>(FeatureMatrix::Zero(110'000, n));
    Document document;
    Annotations annotations(&document);
    document.addLayer(large);
    const std::string text = sessionText(sessionOf(document, annotations), "/");
    QVERIFY(text.size() < 100'000);
    const Session without = readSessionText(text, "text", "/");
    QVERIFY(without.layers.empty());
    QCOMPARE(without.notes.size(), std::size_t{1});
  }

  void movesWithItsFolder()
  {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder.path() / "a");
    Everything everything(folder.path() / "a" / "in.npy");
    saveSession(folder.path() / "a" / "work.orrery", everything.session());
    std::filesystem::rename(folder.path() / "a", folder.path() / "b");
    const Session moved = readSession(folder.path() / "b" / "work.orrery");
    QVERIFY(moved.notes.empty());
    QCOMPARE(*placeOf(moved.layers[0].input, folder.path() / "b"), folder.path() / "b" / "in.npy");
    std::filesystem::remove(folder.path() / "b" / "in.npy");
    QVERIFY(!placeOf(moved.layers[0].input, folder.path() / "b"));
  }

  void changedInputsAreSaid()
  {
    const TemporaryFolder folder;
    const auto input = folder.path() / "in.npy";
    Everything everything(input);
    saveSession(folder.path() / "work.orrery", everything.session());
    const SessionLayer layer = readSession(folder.path() / "work.orrery").layers[0];
    // Touched only: the hash says that nothing has changed.
    const std::string bytes = bytesOf(input);
    folder.write("in.npy", bytes);
    std::filesystem::last_write_time(
        input, std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
    QVERIFY(restoreLayer(layer, input, {}).warnings.empty());
    // One value is another.
    std::string changed = bytes;
    changed[changed.size() - 3] = static_cast<char>(changed[changed.size() - 3] ^ 1);
    folder.write("in.npy", changed);
    std::filesystem::last_write_time(
        input, std::filesystem::file_time_type::clock::now() + std::chrono::hours(2));
    const RestoredLayer stale = restoreLayer(layer, input, {});
    QCOMPARE(stale.warnings.size(), std::size_t{1});
    QVERIFY(stale.embedding->description.starts_with("Stale"));
    QVERIFY(stale.dictionary->column("lobe")->description.starts_with("Stale"));
    // Another number of features: nothing of it fits.
    ResultArray array{"decoder", {n + 1, 5}, std::vector<float>((n + 1) * 5, 1.0f)};
    writeResult(input, {{array}, {}});
    const RestoredLayer other = restoreLayer(layer, input, {});
    QVERIFY(other.warnings.at(0).find("41 features now, had 40") != std::string::npos);
    QVERIFY(!other.embedding);
    QVERIFY(other.view.selection.empty());
  }

  void savingKeepsABackupAndNoLitter()
  {
    const TemporaryFolder folder;
    Everything everything(folder.path() / "in.npy");
    const auto path = folder.path() / "work.orrery";
    for (int i = 0; i < 4; ++i) {
      everything.document.selection()->setFeatures({i});
      saveSession(path, everything.session());
    }
    // The session, its backup, the results of both, the input.
    QCOMPARE(filesIn(folder.path()).size(), std::size_t{5});
    QCOMPARE(readSession(path).layers[0].view.selection, std::vector<FeatureId>{3});
    const Session backup = readSession(sessionBackup(path));
    QVERIFY(backup.notes.empty());
    QCOMPARE(backup.layers[0].view.selection, std::vector<FeatureId>{2});
  }

  // Disk full at any byte: the old session stays, and nothing else does.
  void fullDiskLeavesTheOldSession()
  {
    const TemporaryFolder folder;
    Everything everything(folder.path() / "in.npy");
    const auto path = folder.path() / "work.orrery";
    saveSession(path, everything.session());
    const std::string old = bytesOf(path);
    const auto files = filesIn(folder.path());
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit former{};
    getrlimit(RLIMIT_FSIZE, &former);
    everything.annotations.setNote(1, 1, {std::string(200'000, 'x'), {}});
    for (const rlim_t limit : {rlim_t{10}, rlim_t{1000}, rlim_t{4096}, rlim_t{100'000}}) {
      const rlimit small{limit, former.rlim_max};
      setrlimit(RLIMIT_FSIZE, &small);
      const std::string error = errorOf([&] { saveSession(path, everything.session()); });
      setrlimit(RLIMIT_FSIZE, &former);
      QVERIFY(!error.empty());
      QCOMPARE(bytesOf(path), old);
      auto now = filesIn(folder.path());
      std::erase(now, std::filesystem::path("work.orrery~"));
      QCOMPARE(now, files);
    }
    QVERIFY(readSession(path).notes.empty());
  }

  void refusesWhereItCannotBeWritten()
  {
    const TemporaryFolder folder;
    Everything everything(folder.path() / "in.npy");
    ORRERY_EXPECT_ERROR(saveSession(folder.path(), everything.session()), "folder");
    ORRERY_EXPECT_ERROR(saveSession(folder.path() / "no" / "such.orrery", everything.session()),
                        "folder does not exist");
    ORRERY_EXPECT_ERROR(saveSession(folder.path() / "in.npy", everything.session()), "is an input");
  }

  // Cut, flipped, zeroed: a sentence, or a session; never a crash.
  void damagedFilesAreRefused()
  {
    const TemporaryFolder folder;
    Everything everything(folder.path() / "in.npy");
    const std::string good = sessionText(everything.session(), folder.path());
    for (std::size_t size = 0; size + 1 < good.size(); size += 1 + good.size() / 150)
      QVERIFY(!errorOf([&] { readSessionText(good.substr(0, size), "s", "/"); }).empty());
    std::uint32_t state = 1;
    for (int i = 0; i < 400; ++i) {
      std::string flipped = good;
      state = state * 1664525u + 1013904223u;
      const std::size_t at = state % good.size();
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << (i % 8)));
      static_cast<void>(errorOf([&] { readSessionText(flipped, "s", "/"); }));
    }
    ORRERY_EXPECT_ERROR(readSessionText(std::string(500, '\0'), "s", "/"), "byte 0");
    ORRERY_EXPECT_ERROR(readSessionText(std::string(100'000, '['), "s", "/"), "s: ");
    ORRERY_EXPECT_ERROR(readSessionText("{}", "s", "/"), "is no session of Orrery");
  }

  void wrongTypesAndCountsNameTheirPlace_data()
  {
    QTest::addColumn<QByteArray>("from");
    QTest::addColumn<QByteArray>("to");
    QTest::addColumn<QByteArray>("place");
    QTest::newRow("text for number")
        << QByteArray("\"seconds\": 1.25") << QByteArray("\"seconds\": \"x\"")
        << QByteArray("session.layers[0].map.seconds: expected a number");
    QTest::newRow("huge count") << QByteArray("\"features\": 40,")
                                << QByteArray("\"features\": 9000000000000,")
                                << QByteArray("session.layers[0].features");
    QTest::newRow("more than there is")
        << QByteArray("\"features\": 40,") << QByteArray("\"features\": 2000000000,")
        << QByteArray("session.layers[0].map.positions");
    QTest::newRow("selection beyond the end")
        << QByteArray("\"0-2,5,39\"") << QByteArray("\"0-2,5,40\"")
        << QByteArray("session.layers[0].view.selection");
    QTest::newRow("selection of a billion")
        << QByteArray("\"0-2,5,39\"") << QByteArray("\"0-2000000000\"")
        << QByteArray("session.layers[0].view.selection");
    QTest::newRow("scale") << QByteArray("2.75") << QByteArray("-1")
                           << QByteArray("session.layers[0].");
    QTest::newRow("method") << QByteArray("\"t-SNE\"") << QByteArray("\"magic\"")
                            << QByteArray("session.layers[0].map.method");
  }
  void wrongTypesAndCountsNameTheirPlace()
  {
    QFETCH(QByteArray, from);
    QFETCH(QByteArray, to);
    QFETCH(QByteArray, place);
    const TemporaryFolder folder;
    Everything everything(folder.path() / "in.npy");
    QByteArray text = QByteArray::fromStdString(sessionText(everything.session(), folder.path()));
    const auto at = text.indexOf(from);
    QVERIFY(at >= 0);
    text.replace(at, from.size(), to);
    const std::string error = errorOf([&] { readSessionText(text.toStdString(), "s", "/"); });
    QVERIFY2(error.find(place.toStdString()) != std::string::npos, error.c_str());
  }

  void newerFormats()
  {
    const TemporaryFolder folder;
    Everything everything(folder.path() / "in.npy");
    Session session = everything.session();
    session.format = 7;
    session.parts["later"] = R"({"unknown":[1,2]})";
    const Session read = readSessionText(sessionText(session, "/"), "s", "/");
    QVERIFY(read.isNewer());
    compareLayers(read.layers[0], session.layers[0]);
    session.minReader = 5;
    const std::string error =
        errorOf([&] { readSessionText(sessionText(session, "/"), "s", "/"); });
    QVERIFY(error.find("reads format 5") != std::string::npos);
    QVERIFY(error.find("up to 2") != std::string::npos);
  }

  void resultsThatAreGoneOrOthers()
  {
    const TemporaryFolder folder;
    Everything everything(folder.path() / "in.npy");
    const auto path = folder.path() / "work.orrery";
    saveSession(path, everything.session());
    std::filesystem::path results;
    for (const auto& name : filesIn(folder.path()))
      if (name.extension() == ".h5")
        results = folder.path() / name;
    std::string bytes = bytesOf(results);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
    folder.write(results.filename(), bytes);
    const Session damaged = readSession(path);
    QVERIFY(damaged.notes.at(0).find("other bytes than were saved") != std::string::npos);
    QVERIFY(!damaged.layers[0].embedding);
    QVERIFY(damaged.layers[0].columns.empty());
    QVERIFY(damaged.layers[0].view == everything.session().layers[0].view);
    std::filesystem::remove(results);
    QCOMPARE(readSession(path).notes.size(), std::size_t{1});
    // A name that leads elsewhere is not followed.
    std::string text = bytesOf(path);
    const std::string name = results.filename().string();
    text.replace(text.find(name), name.size(), "../" + name);
    ORRERY_EXPECT_ERROR(readSessionText(text, "s", folder.path()), "results.file");
  }

  void strangersPathsAreSeen()
  {
    const TemporaryFolder folder;
    folder.write("in/x.npy", "");
    QVERIFY(!isOutside(folder.path() / "in/x.npy", folder.path()));
    QVERIFY(!isOutside(folder.path() / "in/../in/x.npy", folder.path() / "in"));
    QVERIFY(isOutside("/etc/passwd", folder.path()));
    QVERIFY(isOutside(folder.path() / "in/../../x", folder.path()));
    std::filesystem::create_symlink("/etc/passwd", folder.path() / "link");
    QVERIFY(isOutside(folder.path() / "link", folder.path()));
  }

  void namesOfAnyBytes()
  {
    const TemporaryFolder folder;
    const std::string name = "odd \xff\xfe % # \" 'name'.npy";
    Everything everything(folder.path() / name);
    saveSession(folder.path() / "work.orrery", everything.session());
    const Session read = readSession(folder.path() / "work.orrery");
    QCOMPARE(read.layers[0].input.relative.native(), name);
    QVERIFY(placeOf(read.layers[0].input, folder.path()));
  }

  void ranges()
  {
    using Ids = std::vector<FeatureId>;
    for (const Ids& ids : {Ids{}, Ids{0}, Ids{0, 1, 2}, Ids{1, 3, 4, 9}})
      QCOMPARE(featuresOfRanges(rangesText(ids), 10), ids);
    for (const char* bad : {"x", "1,", "-1", "3-1", "1,1", "2,1", "10", "1;2", "1-", ",1", "0x1",
                            "99999999999999999999"})
      QVERIFY2(!errorOf([&] { featuresOfRanges(bad, 10); }).empty(), bad);
  }

  // What version 0.1.0 wrote opens for ever. tests/data/sessions/v1.* were written by it.
  void filesOfReleasedVersions()
  {
    const auto path =
        std::filesystem::path(orrery::test::sourceFolder()) / "tests/data/sessions/v1.orrery";
    if (qEnvironmentVariableIsSet("ORRERY_MAKE_SESSION")) {
      Everything everything(path.parent_path() / "v1.npy");
      Session made = everything.session();
      made.layers[0].embedding = everything.map;
      saveSession(path, made);
    }
    const Session session = readSession(path);
    QVERIFY(session.notes.empty());
    QCOMPARE(session.format, 1);
    const TemporaryFolder folder;
    Everything everything(folder.path() / "v1.npy");
    const SessionLayer expected = everything.session().layers[0];
    const SessionLayer& layer = session.layers.at(0);
    QVERIFY(layer.view == expected.view);
    QVERIFY(layer.annotations == expected.annotations);
    QCOMPARE(layer.columns.size(), std::size_t{2});
    QVERIFY(layer.columns[0].categories == expected.columns[0].categories);
    QVERIFY(layer.embedding && layer.embedding->positions.cols() == n);
    QVERIFY(std::isnan(layer.embedding->positions(0, 7)));
    const RestoredLayer restored =
        restoreLayer(layer, *placeOf(layer.input, path.parent_path()), {});
    QVERIFY(restored.warnings.empty());
    QCOMPARE(restored.dictionary->features(), std::int64_t{n});
  }
};

QTEST_MAIN(tst_Session)
#include "tst_Session.moc"
