// Files that are damaged, that lie, or that reach for other files; and a helper that dies, hangs or
// talks nonsense. Nothing may crash, hang or be believed.
#include "core/base/Error.h"
#include "core/base/Random.h"
#include "core/io/DictionaryFile.h"
#include "core/io/Hdf5File.h"
#include "core/io/reader/Protocol.h"
#include "tests/core/io/Hdf5Maker.h"
#include "tests/support/TemporaryFolder.h"

#include <QtTest/QtTest>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <thread>

using namespace orrery;
using test::chunked;
using test::errorOf;
using test::Hdf5Maker;
using test::made;

namespace {

using Path = std::filesystem::path;

const TensorInfo* find(const TensorFile& file, const std::string& name)
{
  for (const TensorInfo& info : file.tensors())
    if (info.name == name)
      return &info;
  return nullptr;
}

std::string problemOf(const TensorFile& file, const std::string& name)
{
  const TensorInfo* info = find(file, name);
  return info ? info->problem : "(not listed)";
}

bool has(const std::string& text, const std::string& words)
{
  return text.find(words) != std::string::npos;
}

bool contains(const std::vector<std::string>& lines, const std::string& words)
{
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return has(line, words); });
}

std::string bytesOf(const Path& path)
{
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Changes one byte of a file.
void damage(const Path& path, std::uint64_t position, char mask = '\x55')
{
  std::fstream stream(path, std::ios::binary | std::ios::in | std::ios::out);
  stream.seekg(static_cast<std::streamoff>(position));
  const char value = static_cast<char>(stream.get() ^ mask);
  stream.seekp(static_cast<std::streamoff>(position));
  stream.put(value);
}

std::string openingError(const Path& path)
{
  return errorOf([&] { (void)openHdf5(path, Progress{}); });
}

std::string readingError(TensorFile& file, const std::string& name)
{
  const TensorInfo* info = find(file, name);
  return info ? errorOf([&] { (void)file.readMatrix(*info, FeatureAxis::Rows, {}); })
              : "(not listed)";
}

double secondsOf(const std::function<void()>& work)
{
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Another program in the place of the helper, for the life of this.
class OtherReader {
 public:
  OtherReader(const test::TemporaryFolder& folder, const std::string& script)
  {
    const Path path = folder.write("reader", "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    ::setenv("ORRERY_READER", path.c_str(), 1);
  }
  ~OtherReader() { ::unsetenv("ORRERY_READER"); }
  OtherReader(const OtherReader&) = delete;
  OtherReader& operator=(const OtherReader&) = delete;
};

Path smallFile(const test::TemporaryFolder& folder, const std::string& name = "a.h5")
{
  Hdf5Maker maker(folder.path() / name);
  maker.floats("W_dec", {4, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  return folder.path() / name;
}

/// The same in chunks: its values are asked from the helper.
Path chunkedFile(const test::TemporaryFolder& folder)
{
  Hdf5Maker maker(folder.path() / "a.h5");
  maker.floats("W_dec", {4, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, chunked({2, 3}));
  return folder.path() / "a.h5";
}

const std::string failedSentence = "cannot be read (the HDF5 library failed on it)";

void shuffleDeflate(hid_t properties)
{
  H5Pset_shuffle(properties);
  H5Pset_deflate(properties, 6);
}

}  // namespace

class tst_Hdf5Faults : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

  void refusesWhatIsNoFile();
  void refusesWhatIsNotHdf5();
  void refusesCutFiles();
  void neverFollowsExternalLinks();
  void refusesExternalStorage();
  void refusesVirtualDatasets();
  void followsSoftLinks();
  void endsOnCycles();
  void endsOnDeepGroups();
  void endsOnManyGroups();
  void namesMissingFilters();
  void namesDamagedChunks_data();
  void namesDamagedChunks();
  void refusesDamagedHeaders();
  void refusesShapesThatLie();
  void capsChunks();
  void saysThatNothingIsStored();
  void saysThatTheWriterHasNotClosed();
  void saysThatAnotherProgramWrites();
  void opensReadOnlyAndLockedFiles();
  void refusesOtherObjects();
  void refusesOtherTypes();
  void keepsTheLibrarysWordsForDetails();
  void keepsOddNames();
  void noticesChangedFiles();
  void survivesTheHelpersDeath();
  void endsAHangingHelper();
  void readsOnePieceWithoutTheHelper();
  void stopsAtOnce();
  void refusesNonsenseFromTheHelper_data();
  void refusesNonsenseFromTheHelper();
  void saysWhenTheHelperIsMissing();
  void leavesNothingBehind();
  void survivesFlippedBytes_data();
  void survivesFlippedBytes();
};

void tst_Hdf5Faults::refusesWhatIsNoFile()
{
  const test::TemporaryFolder folder;
  QVERIFY(has(openingError(folder.path()), "folder"));
  QVERIFY(has(openingError(folder.path() / "missing.h5"), "missing.h5"));
  const Path pipe = folder.path() / "pipe.h5";
  QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
  QVERIFY(has(openingError(pipe), "pipe"));
  std::filesystem::create_symlink("loop.h5", folder.path() / "loop.h5");
  QVERIFY(!openingError(folder.path() / "loop.h5").empty());
  QVERIFY(has(openingError(folder.write("empty.h5", "")), "empty"));
}

void tst_Hdf5Faults::refusesWhatIsNotHdf5()
{
  const test::TemporaryFolder folder;
  for (const std::string& bytes :
       {std::string("x"), std::string(5000, '\0'), std::string("<!DOCTYPE html><html></html>"),
        std::string("\x89HDF\n\r\n\x1A and what is damaged by text mode")})
    QVERIFY(has(openingError(folder.write("a.h5", bytes)), "not an HDF5 file"));
}

void tst_Hdf5Faults::refusesCutFiles()
{
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    maker.floats("W_dec", {40, 30}, std::vector<float>(1200, 1.0f), chunked({10, 30}));
  }
  const std::string bytes = bytesOf(folder.path() / "a.h5");
  Random random(3);
  for (int i = 0; i < 25; ++i) {
    // Some at the edges, the others anywhere.
    const std::size_t edges[] = {1, 4, 8, 9, 16, 95, 96, bytes.size() - 1};
    const std::size_t length = i < 8 ? edges[i] : random.below(bytes.size());
    const std::string error = openingError(folder.write("cut.h5", bytes.substr(0, length)));
    QVERIFY2(!error.empty(), std::to_string(length).c_str());
    QVERIFY2(!has(error, "HDF5-DIAG") && !has(error, "H5F"), error.c_str());
  }
  QVERIFY(has(openingError(folder.write("cut.h5", bytes.substr(0, bytes.size() - 1))),
              "expects " + std::to_string(bytes.size()) + " bytes, but the file has " +
                  std::to_string(bytes.size() - 1)));
  // Bytes left over do no harm.
  const auto file = openHdf5(folder.write("longer.h5", bytes + "more"), {});
  QCOMPARE(readingError(*file, "/W_dec"), std::string());
}

void tst_Hdf5Faults::neverFollowsExternalLinks()
{
  const test::TemporaryFolder folder;
  (void)smallFile(folder, "other.h5");
  const Path pipe = folder.path() / "pipe.h5";
  QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    maker.floats("mine", {2, 2}, {1, 2, 3, 4});
    const auto link = [&](const char* file, const char* object, const char* name) {
      made(H5Lcreate_external(file, object, maker.file(), name, H5P_DEFAULT, H5P_DEFAULT));
    };
    link("other.h5", "/W_dec", "dataset");
    link("other.h5", "/", "group");
    link("a.h5", "/mine", "itself");
    link((folder.path() / "other.h5").c_str(), "/W_dec", "absolute");
    link(pipe.c_str(), "/", "pipe");
    link("missing.h5", "/", "missing");
    made(H5Lcreate_soft("/group/W_dec", maker.file(), "over", H5P_DEFAULT, H5P_DEFAULT));
  }
  std::unique_ptr<TensorFile> file;
  QVERIFY(secondsOf([&] { file = openHdf5(folder.path() / "a.h5", {}); }) < 5.0);
  for (const char* name : {"/dataset", "/group", "/itself", "/absolute", "/pipe", "/missing"}) {
    QVERIFY2(has(problemOf(*file, name), "link to another file"), name);
    QVERIFY(has(readingError(*file, name), "not followed"));
  }
  QVERIFY(has(problemOf(*file, "/over"), "link to another file"));
  QVERIFY(!find(*file, "/group/W_dec"));
  QCOMPARE(readingError(*file, "/mine"), std::string());
}

void tst_Hdf5Faults::refusesExternalStorage()
{
  const test::TemporaryFolder folder;
  const Path secret = folder.write("secret.bin", std::string(48, 'x'));
  const Path pipe = folder.path() / "pipe";
  QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    for (const Path& target : {secret, pipe, Path("missing.bin")})
      maker.dataset(target.stem().string(), {4, 3}, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, nullptr,
                    [&](hid_t properties) { H5Pset_external(properties, target.c_str(), 0, 48); });
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  for (const char* name : {"/secret", "/pipe", "/missing"})
    QVERIFY2(has(readingError(*file, name), "in another file"), readingError(*file, name).c_str());
}

void tst_Hdf5Faults::refusesVirtualDatasets()
{
  const test::TemporaryFolder folder;
  (void)smallFile(folder, "other.h5");
  const Path pipe = folder.path() / "pipe.h5";
  QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
  {
    Hdf5Maker maker(folder.path() / "a.h5", true);
    for (const char* target : {"other.h5", "missing.h5", pipe.c_str(), "."}) {
      const hsize_t shape[] = {4, 3}, largest[] = {H5S_UNLIMITED, 3};
      // One of them unlimited: its very shape would be asked of the other file.
      const bool grows = std::string(target) == pipe.string();
      const hid_t space = H5Screate_simple(2, shape, grows ? largest : nullptr);
      const hid_t source = H5Screate_simple(2, shape, grows ? largest : nullptr);
      if (grows) {
        const hsize_t start[] = {0, 0}, count[] = {H5S_UNLIMITED, 3};
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nullptr, count, nullptr);
        H5Sselect_hyperslab(source, H5S_SELECT_SET, start, nullptr, count, nullptr);
      }
      const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
      made(H5Pset_virtual(properties, space, target, "/W_dec", source));
      H5Sselect_all(space);
      const std::string name = "v" + std::to_string(std::strlen(target));
      made(H5Dcreate2(maker.file(), name.c_str(), H5T_IEEE_F32LE, space, H5P_DEFAULT, properties,
                      H5P_DEFAULT));
    }
  }
  std::unique_ptr<TensorFile> file;
  QVERIFY(secondsOf([&] { file = openHdf5(folder.path() / "a.h5", {}); }) < 5.0);
  QCOMPARE(file->tensors().size(), std::size_t{4});
  for (const TensorInfo& info : file->tensors())
    QVERIFY(has(info.problem, "virtual"));
}

void tst_Hdf5Faults::followsSoftLinks()
{
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    maker.group("g");
    maker.floats("g/W_dec", {2, 2}, {1, 2, 3, 4});
    const auto soft = [&](const std::string& target, const std::string& name) {
      made(H5Lcreate_soft(target.c_str(), maker.file(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT));
    };
    soft("/g/W_dec", "absolute");
    soft("W_dec", "g/relative");
    soft("./g/./W_dec", "dots");
    soft("/nowhere", "dangling");
    soft("/loop", "loop");
    soft("/ping", "pong");
    soft("/pong", "ping");
    soft("/g", "toGroup");
    soft("/toGroup/W_dec", "through");
    soft("/g/W_dec", "chain1");
    for (int i = 2; i <= 18; ++i)
      soft("/chain" + std::to_string(i - 1), "chain" + std::to_string(i));
    made(H5Lcreate_hard(maker.file(), "g/W_dec", maker.file(), "second", H5P_DEFAULT, H5P_DEFAULT));
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  FeatureMatrix expected(2, 2);
  expected << 1, 3, 2, 4;
  for (const char* name :
       {"/g/W_dec", "/absolute", "/g/relative", "/dots", "/through", "/chain16", "/second"}) {
    QVERIFY2(find(*file, name), name);
    QVERIFY2(file->readMatrix(*find(*file, name), FeatureAxis::Rows, {}) == expected, name);
    // The first hard link that is met is the name, all others lead to it.
    QCOMPARE(find(*file, name)->aliasOf, std::string(name) == "/second" ? "" : "/second");
  }
  QVERIFY(has(problemOf(*file, "/dangling"), "does not exist"));
  for (const char* name : {"/loop", "/ping", "/chain17", "/chain18"})
    QVERIFY2(has(problemOf(*file, name), "more than 16 links"), problemOf(*file, name).c_str());
  QVERIFY(has(problemOf(*file, "/toGroup"), "not a dataset"));

  // Other names are no second choice, but can be asked for.
  QVERIFY(!inspectDictionaryFile(folder.path() / "a.h5").ambiguous);
  ReadOptions options;
  options.dataset = "chain16";
  QVERIFY(*readDictionary(folder.path() / "a.h5", options).decoder == expected);
}

void tst_Hdf5Faults::endsOnCycles()
{
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    maker.group("a");
    maker.group("a/b");
    maker.floats("a/b/W_dec", {2, 2}, {1, 2, 3, 4});
    for (const char* name : {"a/b/back", "a/self", "a/b/root"})
      made(H5Lcreate_hard(maker.file(), name == std::string("a/b/root") ? "/" : "a", maker.file(),
                          name, H5P_DEFAULT, H5P_DEFAULT));
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  QCOMPARE(file->tensors().size(), std::size_t{1});
  QCOMPARE(readingError(*file, "/a/b/W_dec"), std::string());
}

void tst_Hdf5Faults::endsOnDeepGroups()
{
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    hid_t group = H5Gopen2(maker.file(), "/", H5P_DEFAULT);
    for (int i = 0; i < 3000; ++i) {
      const hid_t next = made(H5Gcreate2(group, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
      H5Gclose(group);
      group = next;
    }
    maker.floats("top", {2, 2}, {1, 2, 3, 4});
  }
  std::unique_ptr<TensorFile> file;
  QVERIFY(secondsOf([&] { file = openHdf5(folder.path() / "a.h5", {}); }) < 10.0);
  QVERIFY(contains(file->notes(), "nested deeper than 64 levels"));
  QCOMPARE(readingError(*file, "/top"), std::string());
}

void tst_Hdf5Faults::endsOnManyGroups()
{
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5", true);
    for (int i = 0; i < 20'500; ++i)
      maker.group("g" + std::to_string(i));
  }
  std::unique_ptr<TensorFile> file;
  QVERIFY(secondsOf([&] { file = openHdf5(folder.path() / "a.h5", {}); }) < 20.0);
  QVERIFY(contains(file->notes(), "cut after 20000 objects"));
}

void tst_Hdf5Faults::namesMissingFilters()
{
  // Filters that do nothing but have the numbers of others.
  const auto doNothing = [](unsigned, std::size_t, const unsigned*, std::size_t bytes, std::size_t*,
                            void**) -> std::size_t { return bytes; };
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    for (const int number : {32015, 32004, 32008, 307, 4321}) {
      H5Z_class2_t filter{};
      filter.version = H5Z_CLASS_T_VERS;
      filter.id = number;
      filter.encoder_present = 1;
      filter.decoder_present = 1;
      filter.filter = doNothing;
      made(H5Zregister(&filter));
      maker.floats("f" + std::to_string(number), {2, 2}, {1, 2, 3, 4},
                   chunked({2, 2}, [number](hid_t properties) {
                     H5Pset_filter(properties, number, 0, 0, nullptr);
                   }));
    }
  }
  ::setenv("HDF5_PLUGIN_PATH", folder.path().c_str(), 1);
  const auto file = openHdf5(folder.path() / "a.h5", {});
  ::unsetenv("HDF5_PLUGIN_PATH");
  QVERIFY(has(readingError(*file, "/f32015"), "filter 32015 (Zstandard)"));
  QVERIFY(has(readingError(*file, "/f32004"), "filter 32004 (LZ4)"));
  QVERIFY(has(readingError(*file, "/f32008"), "filter 32008 (bitshuffle)"));
  QVERIFY(has(readingError(*file, "/f307"), "filter 307 (bzip2)"));
  QVERIFY(has(readingError(*file, "/f4321"), "filter 4321,"));
}

void tst_Hdf5Faults::namesDamagedChunks_data()
{
  QTest::addColumn<int>("filters");
  QTest::addColumn<int>("rows");
  QTest::addColumn<QString>("expected");
  QTest::addRow("checksum") << 0 << 8 << "checksum is wrong";
  QTest::addRow("deflate") << 1 << 8 << "compressed data";
  QTest::addRow("both") << 2 << 8 << "checksum is wrong";
  QTest::addRow("checksum, many chunks") << 0 << 1 << "checksum is wrong";
  QTest::addRow("deflate, many chunks") << 1 << 1 << "compressed data";
  QTest::addRow("szip") << 3 << 8 << "damaged";
}

void tst_Hdf5Faults::namesDamagedChunks()
{
  QFETCH(int, filters);
  QFETCH(int, rows);
  QFETCH(QString, expected);
  const std::function<void(hid_t)> adjust[] = {[](hid_t p) { H5Pset_fletcher32(p); },
                                               shuffleDeflate,
                                               [](hid_t p) {
                                                 shuffleDeflate(p);
                                                 H5Pset_fletcher32(p);
                                               },
                                               [](hid_t p) {
                                                 H5Pset_fletcher32(p);
                                                 H5Pset_szip(p, H5_SZIP_NN_OPTION_MASK, 8);
                                               }};
  const test::TemporaryFolder folder;
  std::vector<float> values(2048 * 8);
  Random random(1);
  for (float& value : values)
    value = static_cast<float>(random.normal());
  hsize_t bytes = 0;
  haddr_t address = 0;
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    maker.floats("W_dec", {2048, 8}, values,
                 chunked({static_cast<hsize_t>(rows), 8}, adjust[filters]));
    address = maker.firstChunk("W_dec", bytes);
  }
  // Two bytes: a single one in deflate's stored blocks is seen by its own checksum only.
  damage(folder.path() / "a.h5", address + 3);
  damage(folder.path() / "a.h5", address + bytes / 2);
  const auto file = openHdf5(folder.path() / "a.h5", {});
  const std::string error = readingError(*file, "/W_dec");
  QVERIFY2(has(error, expected.toStdString()), error.c_str());
  QVERIFY2(has(error, "dataset '/W_dec'") && has(error, "chunk at"), error.c_str());
}

void tst_Hdf5Faults::refusesDamagedHeaders()
{
  // The latest format has checksums over its headers; every byte of the dataset's is covered.
  const test::TemporaryFolder folder;
  haddr_t address = 0;
  {
    Hdf5Maker maker(folder.path() / "a.h5", true);
    maker.floats("W_dec", {4, 3}, std::vector<float>(12, 1.0f));
    H5O_info_t info{};
    made(H5Oget_info_by_name1(maker.file(), "W_dec", &info, H5P_DEFAULT));
    address = info.addr;
  }
  damage(folder.path() / "a.h5", address + 20);
  const auto file = openHdf5(folder.path() / "a.h5", {});
  QVERIFY2(has(readingError(*file, "/W_dec"), "is damaged"), readingError(*file, "/W_dec").c_str());
}

void tst_Hdf5Faults::refusesShapesThatLie()
{
  const test::TemporaryFolder folder;
  const auto lateFill = [](hid_t properties) { H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER); };
  const float one[] = {1.0f};
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    const hsize_t huge = hsize_t{1} << 40;
    maker.dataset("bomb", {huge, huge >> 20}, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, nullptr,
                  chunked({1024, 1024}, lateFill));
    // One chunk written of very many.
    maker.dataset("nearly", {1 << 20, 1 << 20}, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, nullptr,
                  chunked({8, 8}, lateFill));
    const hid_t dataset = H5Dopen2(maker.file(), "nearly", H5P_DEFAULT);
    const hid_t space = H5Dget_space(dataset);
    const hsize_t start[] = {0, 0}, count[] = {1, 1}, single = 1;
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nullptr, count, nullptr);
    const hid_t memory = H5Screate_simple(1, &single, nullptr);
    made(H5Dwrite(dataset, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, one));
    H5Dclose(dataset);
    maker.dataset("empty", {0, 5}, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, nullptr);
    maker.floats("cut", {64, 64}, std::vector<float>(4096, 1.0f));
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  QVERIFY(has(readingError(*file, "/bomb"), "nothing was ever written"));
  QVERIFY2(has(readingError(*file, "/nearly"), "stores only 256 bytes"),
           readingError(*file, "/nearly").c_str());
  QVERIFY(has(readingError(*file, "/empty"), "0 × 5"));

  // The file's end moved to before the end of the data, and the superblock told so.
  std::string bytes = bytesOf(folder.path() / "a.h5");
  const std::uint64_t shorter = bytes.size() - 8;
  std::memcpy(bytes.data() + 40, &shorter, 8);
  const auto cut = openHdf5(folder.write("b.h5", bytes.substr(0, shorter)), {});
  QVERIFY2(has(readingError(*cut, "/cut"), "but the file ends at byte"),
           readingError(*cut, "/cut").c_str());

  // The second length of a small dataset inside its header, raised from 7 to 700.
  {
    Hdf5Maker maker(folder.path() / "compact.h5");
    maker.floats("compact", {5, 7}, std::vector<float>(35, 1.0f),
                 [](hid_t properties) { H5Pset_layout(properties, H5D_COMPACT); });
  }
  bytes = bytesOf(folder.path() / "compact.h5");
  const std::uint64_t lengths[] = {5, 7}, raised = 700;
  const std::size_t place =
      bytes.find(std::string(reinterpret_cast<const char*>(lengths), sizeof lengths));
  QVERIFY(place != std::string::npos);
  std::memcpy(bytes.data() + place + 8, &raised, 8);
  const auto compact = openHdf5(folder.write("c.h5", bytes), {});
  QVERIFY2(has(readingError(*compact, "/compact"), "declares 14000 bytes but stores only 140"),
           readingError(*compact, "/compact").c_str());

  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
#ifndef __SANITIZE_ADDRESS__
  QVERIFY(usage.ru_maxrss < 200 * 1024);
#endif
}

void tst_Hdf5Faults::capsChunks()
{
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    const std::vector<float> values(10 * 10, 2.0f);
    // 80 MB a chunk for 400 bytes of values.
    maker.dataset("large", {10, 10}, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, values.data(),
                  chunked({2'000'000, 10}, shuffleDeflate), {H5S_UNLIMITED, 10});
    maker.dataset("larger", {10, 10}, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, nullptr,
                  chunked({8'000'000, 10}), {H5S_UNLIMITED, 10});
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  QCOMPARE(readingError(*file, "/large"), std::string());
  QVERIFY(has(readingError(*file, "/larger"), "chunks of 320000000 bytes"));
}

void tst_Hdf5Faults::saysThatNothingIsStored()
{
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    const float nan = NAN;
    const auto fill = [&](hid_t p) { H5Pset_fill_value(p, H5T_NATIVE_FLOAT, &nan); };
    maker.dataset("plain", {4, 3}, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, nullptr);
    maker.dataset("nan", {4, 3}, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, nullptr, fill);
    maker.dataset("chunks", {4, 3}, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, nullptr,
                  chunked({2, 3}, fill));
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  for (const char* name : {"/plain", "/nan", "/chunks"})
    QVERIFY(has(readingError(*file, name), "nothing was ever written to it"));
}

void tst_Hdf5Faults::saysThatTheWriterHasNotClosed()
{
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5", true);
    maker.dataset("W_dec", {4, 3}, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, nullptr, chunked({1, 3}));
    made(H5Fflush(maker.file(), H5F_SCOPE_GLOBAL));
    made(H5Fstart_swmr_write(maker.file()));
    std::filesystem::copy_file(folder.path() / "a.h5", folder.path() / "copy.h5");
  }
  const std::string error = openingError(folder.path() / "copy.h5");
  QVERIFY2(has(error, "was not closed properly") && has(error, "h5clear"), error.c_str());
}

void tst_Hdf5Faults::saysThatAnotherProgramWrites()
{
  const test::TemporaryFolder folder;
  const Path path = smallFile(folder);
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  QCOMPARE(::flock(descriptor, LOCK_EX), 0);
  const auto file = openHdf5(path, {});
  QVERIFY(contains(file->notes(), "another program"));
  QCOMPARE(readingError(*file, "/W_dec"), std::string());
  ::close(descriptor);
  QVERIFY(openHdf5(path, {})->notes().empty());
}

void tst_Hdf5Faults::opensReadOnlyAndLockedFiles()
{
  const test::TemporaryFolder folder;
  const Path path = smallFile(folder);
  QCOMPARE(::chmod(path.c_str(), 0444), 0);
  const std::string before = bytesOf(path);
  const auto time = std::filesystem::last_write_time(path);
  QCOMPARE(readingError(*openHdf5(path, {}), "/W_dec"), std::string());
  QCOMPARE(bytesOf(path), before);
  QVERIFY(std::filesystem::last_write_time(path) == time);
}

void tst_Hdf5Faults::refusesOtherObjects()
{
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    maker.group("group");
    const hid_t type = H5Tcopy(H5T_NATIVE_FLOAT);
    made(H5Tcommit2(maker.file(), "type", type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    maker.dataset("null", {}, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, nullptr);
    const hid_t space = H5Screate(H5S_NULL);
    H5Dclose(made(H5Dcreate2(maker.file(), "nothing", H5T_IEEE_F32LE, space, H5P_DEFAULT,
                             H5P_DEFAULT, H5P_DEFAULT)));
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  QVERIFY(!find(*file, "/group"));
  QVERIFY(has(readingError(*file, "/type"), "named type"));
  QVERIFY(has(readingError(*file, "/nothing"), "no dataspace"));
  TensorInfo unknown;
  unknown.name = "/elsewhere";
  QVERIFY(has(errorOf([&] { (void)file->readMatrix(unknown, FeatureAxis::Rows, {}); }),
              "no dataset '/elsewhere'"));
}

void tst_Hdf5Faults::refusesOtherTypes()
{
  const test::TemporaryFolder folder;
  const auto compoundOf = [](const char* first, const char* second) {
    const hid_t type = H5Tcreate(H5T_COMPOUND, 8);
    H5Tinsert(type, first, 0, H5T_NATIVE_FLOAT);
    H5Tinsert(type, second, 4, H5T_NATIVE_FLOAT);
    return type;
  };
  const hsize_t three = 3;
  const hid_t opaque = H5Tcreate(H5T_OPAQUE, 5);
  const hid_t colours = H5Tenum_create(H5T_NATIVE_INT8);
  signed char value = 0;
  for (const char* name : {"RED", "GREEN", "BLUE"}) {
    H5Tenum_insert(colours, name, &value);
    ++value;
  }
  const std::vector<std::tuple<const char*, hid_t, const char*>> types = {
      {"compound", compoundOf("id", "weight"), "compound of id, weight"},
      {"complex", compoundOf("r", "i"), "complex number"},
      {"vlen", H5Tvlen_create(H5T_NATIVE_FLOAT), "lists of variable length"},
      {"array", H5Tarray_create2(H5T_NATIVE_FLOAT, 1, &three), "array inside each element"},
      {"opaque", opaque, "opaque bytes"},
      {"enum", colours, "enumeration of 3 names"},
      {"reference", H5T_STD_REF_OBJ, "reference to other objects"},
      {"bits", H5T_STD_B16LE, "bit field of 16 bits"},
      {"time", H5T_UNIX_D32LE, "time"}};
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    const std::vector<char> zeros(4096, '\0');
    for (const auto& [name, type, words] : types)
      maker.dataset(name, {2, 2}, type, type, std::string(name) == "time" ? nullptr : zeros.data());
    maker.texts("text", {"a", "b"});
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  for (const auto& [name, type, words] : types) {
    const TensorInfo* info = find(*file, std::string("/") + name);
    QVERIFY2(info && has(info->typeName, words), name);
    const std::string error = readingError(*file, info->name);
    QVERIFY2(std::string(name) == "time" || has(error, words), error.c_str());
    QVERIFY(!errorOf([&] { (void)file->readNumbers(*info, {}); }).empty());
    QVERIFY(!errorOf([&] { (void)file->readStrings(*info, {}); }).empty());
  }
  QVERIFY(!readingError(*file, "/text").empty());
}

void tst_Hdf5Faults::keepsTheLibrarysWordsForDetails()
{
  const test::TemporaryFolder folder;
  const Path path = smallFile(folder);
  const std::string bytes = bytesOf(path);
  try {
    (void)openHdf5(folder.write("cut.h5", bytes.substr(0, bytes.size() / 2)), {});
    QFAIL("was opened");
  } catch (const Error& error) {
    QVERIFY(!has(error.what(),
                 "H5"
                 "F_"));
    QVERIFY(has(error.details(), "H5F"));
  }
}

void tst_Hdf5Faults::keepsOddNames()
{
  const test::TemporaryFolder folder;
  const std::vector<std::string> names = {"with blank",  "\xF0\x9F\xA6\x8A",   "not \xFF UTF-8",
                                          "esc\x1B[31m", "%1 & <b>",           ".hidden",
                                          "-dash",       std::string(200, 'n')};
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    for (const std::string& name : names)
      maker.floats(name, {2, 2}, {1, 2, 3, 4});
    maker.floats(std::string(5000, 'l'), {2, 2}, {1, 2, 3, 4});
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  for (const std::string& name : names)
    QCOMPARE(readingError(*file, "/" + name), std::string());
  const Path odd = folder.path() / std::string("-%s \"\x01\xFF.h5");
  std::filesystem::rename(folder.path() / "a.h5", odd);
  QCOMPARE(readingError(*openHdf5(odd, {}), "/-dash"), std::string());
}

void tst_Hdf5Faults::noticesChangedFiles()
{
  const test::TemporaryFolder folder;
  const Path path = smallFile(folder);
  const auto file = openHdf5(path, {});
  // Replaced under its name: the opened one is still there.
  std::filesystem::rename(path, folder.path() / "moved.h5");
  QCOMPARE(readingError(*file, "/W_dec"), std::string());
  std::filesystem::remove(folder.path() / "moved.h5");
  QVERIFY(has(readingError(*file, "/W_dec"), "has been deleted"));

  const Path cut = smallFile(folder, "cut.h5");
  const auto opened = openHdf5(cut, {});
  std::filesystem::resize_file(cut, 100);
  QVERIFY(has(readingError(*opened, "/W_dec"), "has changed since it was opened"));
}

void tst_Hdf5Faults::survivesTheHelpersDeath()
{
  const test::TemporaryFolder folder;
  const Path path = chunkedFile(folder);
  const auto file = openHdf5(path, {});
  for (const char* script : {"kill -SEGV $$", "exit 1", "exec 0>&-; sleep 1", "head -c 20 <&0"}) {
    const OtherReader other(folder, script);
    const std::string error = openingError(path);
    QVERIFY2(has(error, failedSentence), error.c_str());
    QVERIFY(has(readingError(*file, "/W_dec"), failedSentence));
  }
  QCOMPARE(readingError(*file, "/W_dec"), std::string());
}

void tst_Hdf5Faults::endsAHangingHelper()
{
  const test::TemporaryFolder folder;
  const Path path = smallFile(folder);
  const OtherReader other(folder, "exec sleep 1000");
  ReaderLimits limits;
  limits.silence = std::chrono::milliseconds(300);
  std::string error;
  const double seconds =
      secondsOf([&] { error = errorOf([&] { (void)openHdf5(path, limits, {}); }); });
  QVERIFY2(has(error, failedSentence), error.c_str());
  QVERIFY(seconds < 3.0);
}

void tst_Hdf5Faults::readsOnePieceWithoutTheHelper()
{
  const test::TemporaryFolder folder;
  const Path path = smallFile(folder);
  const auto file = openHdf5(path, {});
  const OtherReader other(folder, "exit 1");
  const FeatureMatrix matrix = file->readMatrix(*find(*file, "/W_dec"), FeatureAxis::Rows, {});
  QCOMPARE(matrix.cols(), 4);
  QCOMPARE(matrix(2, 3), 11.0f);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  QVERIFY(has(readingError(*file, "/W_dec"), "has changed since it was opened"));
}

void tst_Hdf5Faults::stopsAtOnce()
{
  const test::TemporaryFolder folder;
  const Path path = chunkedFile(folder);
  const auto file = openHdf5(path, {});
  const OtherReader other(folder, "exec sleep 1000");
  for (const bool opening : {true, false}) {
    std::stop_source stop;
    std::thread stopper([&stop] {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      stop.request_stop();
    });
    const Progress progress(stop.get_token(), {});
    bool cancelled = false;
    const double seconds = secondsOf([&] {
      try {
        if (opening)
          (void)openHdf5(path, progress);
        else
          (void)file->readMatrix(*find(*file, "/W_dec"), FeatureAxis::Rows, progress);
      } catch (const Cancelled&) {
        cancelled = true;
      }
    });
    stopper.join();
    QVERIFY(cancelled);
    QVERIFY(seconds < 1.0);
  }
}

void tst_Hdf5Faults::refusesNonsenseFromTheHelper_data()
{
  QTest::addColumn<QByteArray>("answer");
  const auto frame = [](reader::FrameKind kind, const std::string& payload,
                        std::optional<std::uint32_t> length = {}) {
    reader::MessageWriter writer;
    writer.number(reader::protocolMagic);
    writer.number(kind);
    writer.number(length.value_or(static_cast<std::uint32_t>(payload.size())));
    writer.raw(payload.data(), payload.size());
    return QByteArray(writer.bytes().data(), static_cast<qsizetype>(writer.bytes().size()));
  };
  using reader::FrameKind;
  const QByteArray end = frame(FrameKind::End, {});
  const auto planOf = [&](reader::MatrixPlan plan) {
    reader::MessageWriter writer;
    write(writer, plan);
    return frame(FrameKind::Plan, writer.bytes());
  };
  reader::MatrixPlan plan;
  plan.rows = 4;
  plan.columns = 3;
  plan.format = {reader::ElementKind::Float32, false, 4};
  plan.layout = reader::Layout::Contiguous;
  QTest::addRow("other magic") << QByteArray(64, 'x');
  QTest::addRow("too long") << frame(FrameKind::Object, "abc", 0xFFFFFFFF);
  QTest::addRow("cut") << frame(FrameKind::Object, "abc", 1000);
  QTest::addRow("garbled object") << frame(FrameKind::Object, std::string(40, '\xFF')) + end;
  QTest::addRow("garbled failure") << frame(FrameKind::Failure, std::string(3, '\xFF'));
  QTest::addRow("unknown kind") << frame(static_cast<FrameKind>(99), "abc") + end;
  QTest::addRow("garbled plan") << frame(FrameKind::Plan, std::string(30, '\xFF')) + end;
  QTest::addRow("block without plan") << frame(FrameKind::Block, std::string(32, '\0')) + end;
  plan.offset = std::uint64_t{1} << 60;
  QTest::addRow("far away") << planOf(plan) + end;
  plan.offset = std::numeric_limits<std::uint64_t>::max() - 8;
  QTest::addRow("wrapping") << planOf(plan) + end;
  plan.offset = 0;
  plan.rows = std::uint64_t{1} << 62;
  QTest::addRow("huge") << planOf(plan) + end;
  plan.rows = 4;
  plan.layout = reader::Layout::Blocks;
  QTest::addRow("blocks missing") << planOf(plan) + end;
  const auto blockOf = [&](reader::Block block, std::size_t bytes) {
    reader::MessageWriter writer;
    write(writer, block);
    writer.raw(std::string(bytes, '\0').data(), bytes);
    return frame(FrameKind::Block, writer.bytes());
  };
  QTest::addRow("block outside") << planOf(plan) + blockOf({4, 1, 0, 3}, 12) + end;
  QTest::addRow("block wrapping")
      << planOf(plan) + blockOf({std::numeric_limits<std::uint64_t>::max(), 2, 0, 3}, 24) + end;
  QTest::addRow("block of another length") << planOf(plan) + blockOf({0, 4, 0, 3}, 47) + end;
  plan.layout = reader::Layout::Chunks;
  QTest::addRow("chunks of no size") << planOf(plan) + end;
  plan.chunkRows = plan.chunkColumns = std::uint64_t{1} << 32;
  QTest::addRow("chunks wrapping") << planOf(plan) + end;
  plan.chunkRows = plan.chunkColumns = 2;
  plan.filters = {{static_cast<reader::Filter>(77), 1}};
  QTest::addRow("unknown filter") << planOf(plan) + end;
  plan.filters.clear();
  const auto chunkOf = [&](reader::PlannedChunk chunk, FrameKind kind, std::size_t bytes) {
    reader::MessageWriter writer;
    write(writer, chunk);
    writer.raw(std::string(bytes, '\0').data(), bytes);
    return frame(kind, writer.bytes());
  };
  QTest::addRow("chunk outside") << planOf(plan) + chunkOf({4, 0, 0, 16, 0}, FrameKind::Chunks, 0) +
                                        end;
  QTest::addRow("chunk between") << planOf(plan) + chunkOf({1, 0, 0, 16, 0}, FrameKind::Chunks, 0) +
                                        end;
  QTest::addRow("chunk beyond the file")
      << planOf(plan) + chunkOf({0, 0, 1 << 30, 16, 0}, FrameKind::Chunks, 0) + end;
  QTest::addRow("chunk too large")
      << planOf(plan) + chunkOf({0, 0, 0, 1 << 30, 0}, FrameKind::Chunks, 0) + end;
  plan.layout = reader::Layout::RawChunks;
  QTest::addRow("raw chunk of another length")
      << planOf(plan) + chunkOf({0, 0, 0, 16, 0}, FrameKind::RawChunk, 15) + end;
}

void tst_Hdf5Faults::refusesNonsenseFromTheHelper()
{
  QFETCH(QByteArray, answer);
  const test::TemporaryFolder folder;
  const Path path = chunkedFile(folder);
  const auto file = openHdf5(path, {});
  const Path said = folder.write("answer", answer.toStdString());
  // Standard input is the socket. It waits a moment, so that the request is not refused by a
  // closed socket instead.
  const OtherReader other(folder, "cat '" + said.string() + "' >&0\nhead -c 12 <&0 >/dev/null");
  QVERIFY(!openingError(path).empty());
  const std::string error = readingError(*file, "/W_dec");
  QVERIFY(!error.empty());
  QVERIFY(!errorOf([&] { (void)file->readNumbers(*find(*file, "/W_dec"), {}); }).empty());
}

void tst_Hdf5Faults::saysWhenTheHelperIsMissing()
{
  const test::TemporaryFolder folder;
  const Path path = smallFile(folder);
  ::setenv("ORRERY_READER", (folder.path() / "nowhere").c_str(), 1);
  const std::string error = openingError(path);
  ::unsetenv("ORRERY_READER");
  QVERIFY2(has(error, "cannot be started"), error.c_str());
}

void tst_Hdf5Faults::leavesNothingBehind()
{
  const auto openDescriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                         std::filesystem::directory_iterator{});
  };
  const test::TemporaryFolder folder;
  const Path path = smallFile(folder);
  const auto before = openDescriptors();
  for (int i = 0; i < 20; ++i) {
    const auto file = openHdf5(path, {});
    (void)readingError(*file, "/W_dec");
    (void)openingError(folder.path() / "missing");
  }
  QCOMPARE(openDescriptors(), before);
}

void tst_Hdf5Faults::survivesFlippedBytes_data()
{
  QTest::addColumn<bool>("latest");
  QTest::addRow("earliest format") << false;
  QTest::addRow("latest format") << true;
}

void tst_Hdf5Faults::survivesFlippedBytes()
{
  QFETCH(bool, latest);
  const test::TemporaryFolder folder;
  const Path path = folder.path() / "a.h5";
  {
    Hdf5Maker maker(path, latest);
    maker.group("g");
    std::vector<float> values(30 * 20);
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(i);
    maker.floats("g/plain", {30, 20}, values);
    maker.floats("g/chunks", {30, 20}, values, chunked({8, 7}, shuffleDeflate));
    maker.texts("texts", {"one", "two", "three"});
    maker.textAttribute("/g", "layer", "12");
    made(H5Lcreate_soft("/g/plain", maker.file(), "soft", H5P_DEFAULT, H5P_DEFAULT));
    made(H5Lcreate_external("b.h5", "/", maker.file(), "external", H5P_DEFAULT, H5P_DEFAULT));
  }
  const std::string sound = bytesOf(path);
  ReaderLimits limits;
  limits.cpuSeconds = 5;
  // More, and other ones, by the environment.
  const char* rounds = std::getenv("ORRERY_FUZZ_ROUNDS");
  const char* seed = std::getenv("ORRERY_FUZZ_SEED");
  Random random(seed ? std::strtoull(seed, nullptr, 10) : 2026);
  const int count = rounds ? std::atoi(rounds) : 150;
  for (int round = 0; round < count; ++round) {
    std::string bytes = sound;
    const std::uint64_t flips = 1 + random.below(3);
    for (std::uint64_t i = 0; i < flips; ++i) {
      // The structure is in the first few kilobytes; values elsewhere.
      const std::size_t where = random.below(4)
                                    ? random.below(std::min<std::size_t>(sound.size(), 2500))
                                    : random.below(sound.size());
      bytes[where] = random.below(3) ? static_cast<char>(random.below(256))
                                     : static_cast<char>(bytes[where] ^ (1 << random.below(8)));
    }
    const Path flipped = folder.write("flipped.h5", bytes);
    const double seconds = secondsOf([&] {
      try {
        const auto file = openHdf5(flipped, limits, {});
        for (const TensorInfo& info : file->tensors()) {
          (void)errorOf([&] { (void)file->readMatrix(info, FeatureAxis::Rows, {}); });
          (void)errorOf([&] { (void)file->readNumbers(info, {}); });
          (void)errorOf([&] { (void)file->readStrings(info, {}); });
        }
      } catch (const Error& error) {
        QVERIFY(has(error.what(), "flipped.h5"));
        if (has(error.what(), failedSentence))
          qInfo() << "round" << round << error.details().c_str();
      }
    });
    QVERIFY2(seconds < 30.0, std::to_string(round).c_str());
  }
}

QTEST_APPLESS_MAIN(tst_Hdf5Faults)
#include "tst_Hdf5Faults.moc"
