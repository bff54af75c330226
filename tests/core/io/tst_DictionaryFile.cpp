// From a file of any kind to a dictionary: what is chosen, which way it lies, what is said.
#include "core/io/DictionaryFile.h"
#include "tests/core/io/ContainerBytes.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/support/TestData.h"

#include <QtTest/QTest>

#include <sys/stat.h>

#include <cmath>
#include <functional>

using namespace orrery;
using namespace orrery::test;

namespace {

std::vector<float> numbers(std::size_t count)
{
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = static_cast<float>(std::sin(static_cast<double>(i) * 0.7 + 1.0));
  return values;
}

ZipEntry array(const std::string& name, const std::string& shape, std::vector<float> values)
{
  ZipEntry entry;
  entry.name = name + ".npy";
  entry.data = npyFloats(shape, std::move(values));
  return entry;
}

struct Tensor {
  std::string name;
  std::vector<int> shape;
};

/// Sound safetensors of F32 tensors with made-up values.
std::string safetensors(const std::vector<Tensor>& tensors)
{
  std::string header = "{";
  std::string data;
  for (const Tensor& tensor : tensors) {
    std::size_t count = 1;
    std::string shape;
    for (const int length : tensor.shape) {
      count *= static_cast<std::size_t>(length);
      shape += (shape.empty() ? "" : ",") + std::to_string(length);
    }
    const std::string values = bytesOf(numbers(count));
    header += (header.size() > 1 ? "," : "") + ("\"" + tensor.name) +
              "\":{\"dtype\":\"F32\",\"shape\":[" + shape + "],\"data_offsets\":[" +
              std::to_string(data.size()) + "," + std::to_string(data.size() + values.size()) +
              "]}";
    data += values;
  }
  return safetensorsOf(header + "}", data);
}

bool contains(const std::vector<std::string>& lines, const std::string& words)
{
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
    return line.find(words) != std::string::npos;
  });
}

std::string joined(const std::vector<std::string>& lines)
{
  std::string text;
  for (const std::string& line : lines)
    text += line + "\n";
  return text;
}

}  // namespace

class tst_DictionaryFile : public QObject {
  Q_OBJECT

 private slots:
  void gemmaScope()
  {
    const TemporaryFolder folder;
    const std::string place = "gemma-scope-2b-pt-res/layer_12/width_16k/average_l0_41";
    const auto values = numbers(20);
    std::vector<float> encoder(20);  // the decoder's transpose: every cosine is 1
    for (std::size_t i = 0; i < 5; ++i)
      for (std::size_t k = 0; k < 4; ++k)
        encoder[k * 5 + i] = values[i * 4 + k];
    const auto file = folder.write(
        place + "/params.npz",
        zipOf({array("W_enc", "(4, 5)", encoder), array("W_dec", "(5, 4)", values),
               array("threshold", "(5,)", {1, 2, 3, 4, 5}), array("b_enc", "(5,)", numbers(5)),
               array("b_dec", "(4,)", numbers(4))}));
    for (const auto& path : {file, file.parent_path()}) {
      const Dictionary dictionary = readDictionary(path);
      QCOMPARE(dictionary.features(), 5);
      QCOMPARE(dictionary.dimensions(), 4);
      QCOMPARE((*dictionary.decoder)(3, 1), values[7]);
      QCOMPARE(dictionary.name, std::string("layer_12/width_16k/average_l0_41"));
      QCOMPARE(dictionary.origin.model, std::string("gemma-2-2b"));
      QCOMPARE(dictionary.origin.layer, std::optional<int>(12));
      QCOMPARE(dictionary.origin.site, std::string("res"));
      QCOMPARE(dictionary.origin.width, std::optional<std::int64_t>(16384));
      QCOMPARE(dictionary.origin.l0, std::optional<double>(41));
      QCOMPARE(dictionary.origin.source, std::string("path"));
      QCOMPARE(dictionary.source.dataset, std::string("W_dec"));
      QVERIFY(dictionary.source.orientationRule.find("rows of W_dec by convention") !=
              std::string::npos);
      QCOMPARE(dictionary.column("threshold")->numbers, (std::vector<double>{1, 2, 3, 4, 5}));
      QVERIFY(dictionary.column("encoder bias"));
      QVERIFY(!dictionary.column("b_dec"));
      for (const double cosine : dictionary.column("encoder cosine")->numbers)
        QVERIFY(std::abs(cosine - 1.0) < 1e-6);
      const double norm = dictionary.decoder->col(2).cast<double>().norm();
      QCOMPARE(dictionary.column("decoder norm")->numbers[2], norm);
    }
  }

  void layouts_data()
  {
    QTest::addColumn<QString>("weights");
    QTest::addColumn<QString>("config");
    QTest::addColumn<QString>("configText");
    QTest::addColumn<QString>("tensor");
    QTest::addColumn<bool>("columns");
    QTest::addColumn<QString>("layout");
    QTest::addColumn<QString>("model");
    QTest::addColumn<QString>("site");
    QTest::newRow("SAELens")
        << "sae_weights.safetensors"
        << "cfg.json"
        << R"({"d_in": 4, "d_sae": 6, "dtype": "float32", "apply_b_dec_to_input": false,
              "metadata": {"model_name": "gpt2-small", "hook_name": "blocks.7.hook_resid_pre"}})"
        << "W_dec" << false << "SAELens"
        << "gpt2-small"
        << "res";
    QTest::newRow("SAELens before 6")
        << "sae_weights.safetensors"
        << "cfg.json"
        << R"({"d_in": 4, "d_sae": 6, "activation_fn_str": "relu", "model_name": "gpt2-small",
              "hook_point": "blocks.7.hook_mlp_out", "hook_point_layer": 7})"
        << "W_dec" << false << "SAELens"
        << "gpt2-small"
        << "mlp";
    QTest::newRow("Gemma Scope 2")
        << "params.safetensors"
        << "config.json"
        << R"({"architecture": "jump_relu", "width": 6, "l0": 20, "model_name": "gemma-3-4b-pt",
              "hf_hook_point_in": "model.layers.7.output"})"
        << "w_dec" << false << "Gemma Scope 2"
        << "gemma-3-4b-pt"
        << "";
    QTest::newRow("sparsify")
        << "sae.safetensors"
        << "cfg.json"
        << R"({"activation": "topk", "expansion_factor": 32, "normalize_decoder": true,
              "num_latents": 0, "k": 32, "d_in": 4})"
        << "W_dec" << false << "sparsify"
        << ""
        << "";
    QTest::newRow("Llama Scope")
        << "checkpoints/final.safetensors"
        << "hyperparams.json"
        << R"({"d_model": 4, "d_sae": 6, "hook_point_in": "blocks.7.hook_resid_post"})"
        << "decoder.weight" << true << "Llama Scope"
        << ""
        << "res";
    QTest::newRow("Llamascopium")
        << "sae_weights.safetensors"
        << "config.json"
        << R"({"sae_type": "sae", "d_model": 4, "hook_point_in": "blocks.7.hook_resid_post"})"
        << "W_D" << false << "Llamascopium"
        << ""
        << "res";
    QTest::newRow("dictionary_learning, converted")
        << "ae.safetensors"
        << "config.json"
        << R"({"trainer": {"dict_class": "AutoEncoder", "activation_dim": 4, "dict_size": 6,
              "layer": 7, "lm_name": "pythia-70m-deduped", "submodule_name": "resid_post_layer_7"}})"
        << "decoder.weight" << true << "dictionary_learning"
        << "pythia-70m-deduped"
        << "res";
  }

  void layouts()
  {
    QFETCH(QString, weights);
    QFETCH(QString, config);
    QFETCH(QString, configText);
    QFETCH(QString, tensor);
    QFETCH(bool, columns);
    QFETCH(QString, layout);
    QFETCH(QString, model);
    QFETCH(QString, site);
    const TemporaryFolder folder;
    const std::vector<int> shape = columns ? std::vector<int>{4, 6} : std::vector<int>{6, 4};
    const auto file = folder.write(weights.toStdString(),
                                   safetensors({{tensor.toStdString(), shape}, {"b_dec", {4}}}));
    const auto configFile = folder.write(config.toStdString(), configText.toStdString());
    for (const auto& path : {file, configFile, folder.path()}) {
      const Dictionary dictionary = readDictionary(path);
      QCOMPARE(dictionary.features(), 6);
      QCOMPARE(dictionary.dimensions(), 4);
      const float expected = numbers(24)[columns ? 2 * 6 + 1 : 1 * 4 + 2];
      QCOMPARE((*dictionary.decoder)(2, 1), expected);
      QCOMPARE(QString::fromStdString(dictionary.origin.model), model);
      QCOMPARE(QString::fromStdString(dictionary.origin.site), site);
      QVERIFY2(contains(dictionary.notes, layout.toStdString() + " layout"),
               joined(dictionary.notes).c_str());
      if (layout != "sparsify")
        QCOMPARE(dictionary.origin.layer, std::optional<int>(7));
      QVERIFY2(dictionary.warnings.empty(), joined(dictionary.warnings).c_str());
    }
  }

  void sparsityBecomesFiringRates()
  {
    const TemporaryFolder folder;
    folder.write("cfg.json", R"({"d_in": 2, "d_sae": 3, "dtype": "float32"})");
    const auto file = folder.write("sae_weights.safetensors", safetensors({{"W_dec", {3, 2}}}));
    folder.write("sparsity.safetensors",
                 safetensorsOf(R"({"sparsity":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}})",
                               bytesOf(std::vector<float>{-1, -2, -10})));
    const Dictionary dictionary = readDictionary(file);
    const Column* rates = dictionary.column("firing rate");
    QVERIFY(rates);
    QVERIFY(std::abs(rates->numbers[1] - 0.01) < 1e-12);
    folder.write("sparsity.safetensors",
                 safetensorsOf(R"({"sparsity":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
                               bytesOf(std::vector<float>{-1, -2})));
    QVERIFY(contains(readDictionary(file).warnings, "shape (2,) for 3 features"));
  }

  void orientationRulesInTheirOrder()
  {
    const TemporaryFolder folder;
    const auto rule = [&](const std::filesystem::path& path) {
      const Dictionary dictionary = readDictionary(path);
      return std::to_string(dictionary.features()) + "x" + std::to_string(dictionary.dimensions()) +
             " " + dictionary.source.orientationRule;
    };
    const auto starts = [](const std::string& text, const std::string& start) {
      return text.starts_with(start);
    };
    // Convention, but the configuration knows better.
    folder.write("a/cfg.json", R"({"d_in": 6, "d_sae": 4, "dtype": "float32"})");
    const auto lying = folder.write("a/sae_weights.safetensors", safetensors({{"W_dec", {6, 4}}}));
    QVERIFY2(starts(rule(lying), "4x6 because cfg.json gives 6 dimensions"), rule(lying).c_str());
    QCOMPARE(readDictionary(lying).warnings.size(), std::size_t{1});
    // Configuration.
    folder.write("b/cfg.json", R"({"d_in": 6, "d_sae": 4, "dtype": "float32"})");
    const auto config = folder.write("b/x.npy", npyFloats("(6, 4)", numbers(24)));
    QVERIFY2(starts(rule(config), "4x6 because cfg.json gives 6 dimensions"), rule(config).c_str());
    // Labels.
    const auto labels = folder.write("c/x.npy", npyFloats("(3, 2)", numbers(6)));
    folder.write("c/x.labels.txt", "one\ntwo\n");
    QVERIFY2(starts(rule(labels), "2x3 because there are 2 labels"), rule(labels).c_str());
    // A known model width on one axis only.
    const auto width = folder.write("d/x.npy", npyFloats("(768, 3)", numbers(768 * 3)));
    QVERIFY2(starts(rule(width), "3x768 because 768 is a known model width"), rule(width).c_str());
    // Nothing known.
    const auto rows = folder.write("e/x.npy", npyFloats("(2, 3)", numbers(6)));
    QVERIFY2(starts(rule(rows), "2x3 because features are rows"), rule(rows).c_str());
    QVERIFY(contains(readDictionary(rows).warnings, "--transpose"));
    ReadOptions turned;
    turned.transpose = true;
    const Dictionary dictionary = readDictionary(rows, turned);
    QCOMPARE(dictionary.features(), 3);
    QCOMPARE((*dictionary.decoder)(1, 2), numbers(6)[5]);
    QVERIFY(dictionary.source.orientationRule.find("on request") != std::string::npos);
  }

  void labelsBesideAreFoundAndSaid()
  {
    const TemporaryFolder folder;
    for (const char* name : {"x.labels.txt", "x_labels.txt"}) {
      const auto file = folder.write("x.npy", npyFloats("(3, 2)", numbers(6)));
      const auto labels = folder.write(name, "cat\ndog\ncow\n");
      const Dictionary dictionary = readDictionary(file);
      QCOMPARE(dictionary.labels, (std::vector<std::string>{"cat", "dog", "cow"}));
      QVERIFY2(contains(dictionary.notes, name), joined(dictionary.notes).c_str());
      ReadOptions without;
      without.withoutLabels = true;
      QVERIFY(readDictionary(file, without).labels.empty());
      QCOMPARE(inspectDictionaryFile(file).labels, std::optional(labels));
      std::filesystem::remove(labels);
    }
  }

  void labelsThatDoNotFit()
  {
    const TemporaryFolder folder;
    const auto file = folder.write("x.npy", npyFloats("(3, 2)", numbers(6)));
    const auto labels = folder.write("x.labels.txt", "a\nb\nc\nd\n");
    const Dictionary dictionary = readDictionary(file);
    QVERIFY(dictionary.labels.empty());
    const std::string warnings = joined(dictionary.warnings);
    QVERIFY2(warnings.find('4') != std::string::npos && warnings.find('3') != std::string::npos,
             warnings.c_str());
    ReadOptions given;
    given.labels = labels;
    QVERIFY(!errorOf([&] { readDictionary(file, given); }).empty());
    given.labels = folder.path() / "missing.txt";
    QVERIFY(errorOf([&] { readDictionary(file, given); }).find("missing.txt") != std::string::npos);
  }

  void choosesTheMatrix()
  {
    const TemporaryFolder folder;
    const auto only = folder.write("only.npz", zipOf({array("odd_name", "(3, 2)", numbers(6)),
                                                      array("numbers", "(3,)", numbers(3))}));
    const Dictionary dictionary = readDictionary(only);
    QVERIFY(contains(dictionary.notes, "odd_name was taken"));
    QVERIFY(dictionary.column("numbers"));
    const auto several = folder.write("several.npz", zipOf({array("one", "(3, 2)", numbers(6)),
                                                            array("two", "(2, 3)", numbers(6))}));
    const std::string error = errorOf([&] { readDictionary(several); });
    QVERIFY2(error.find("one (3, 2) float32, two (2, 3) float32") != std::string::npos,
             error.c_str());
    QVERIFY(inspectDictionaryFile(several).ambiguous);
    ReadOptions options;
    options.dataset = "two";
    QCOMPARE(readDictionary(several, options).features(), 2);
    options.dataset = "three";
    QVERIFY(errorOf([&] { readDictionary(several, options); }).find("has no array 'three'") !=
            std::string::npos);
  }

  void layersNeedAChoice()
  {
    const TemporaryFolder folder;
    const auto file = folder.write("layers.safetensors", safetensors({{"layer_3/W_dec", {3, 2}},
                                                                      {"layer_4/W_dec", {3, 2}},
                                                                      {"layer_4/b_enc", {3}}}));
    const FilePreview preview = inspectDictionaryFile(file);
    QVERIFY(preview.ambiguous);
    QCOMPARE(preview.candidates.size(), std::size_t{2});
    QCOMPARE(preview.candidates[1].layer, std::optional<int>(4));
    QVERIFY(!errorOf([&] { readDictionary(file); }).empty());
    ReadOptions options;
    options.dataset = "layer_4/W_dec";
    const Dictionary dictionary = readDictionary(file, options);
    QCOMPARE(dictionary.origin.layer, std::optional<int>(4));
    QVERIFY(dictionary.column("encoder bias"));
    options.dataset = "layer_3/W_dec";
    QVERIFY(!readDictionary(file, options).column("encoder bias"));
  }

  void shapesThatAreNoMatrix_data()
  {
    QTest::addColumn<QString>("shape");
    QTest::addColumn<int>("count");
    QTest::addColumn<QString>("words");
    QTest::newRow("0-D") << "()" << 1 << "a single number ()";
    QTest::newRow("1-D") << "(480,)" << 480 << "one-dimensional (480,)";
    QTest::newRow("3-D") << "(2, 3, 4)" << 24 << "three-dimensional (2, 3, 4)";
    QTest::newRow("4-D") << "(1, 2, 3, 4)" << 24 << "4-dimensional";
    QTest::newRow("no rows") << "(0, 12)" << 0 << "no features: its shape is (0, 12)";
    QTest::newRow("no columns") << "(12, 0)" << 0 << "no features";
  }

  void shapesThatAreNoMatrix()
  {
    QFETCH(QString, shape);
    QFETCH(int, count);
    QFETCH(QString, words);
    const TemporaryFolder folder;
    const auto file = folder.write(
        "x.npy", npyFloats(shape.toStdString(), numbers(static_cast<std::size_t>(count))));
    const std::string error = errorOf([&] { readDictionary(file); });
    QVERIFY2(error.find(words.toStdString()) != std::string::npos, error.c_str());
  }

  void anAxisOfLengthOneIsDropped()
  {
    const TemporaryFolder folder;
    for (const char* shape : {"(1, 3, 2)", "(3, 1, 2)", "(3, 2, 1)"}) {
      const Dictionary dictionary =
          readDictionary(folder.write("x.npy", npyFloats(shape, numbers(6))));
      QCOMPARE(dictionary.features(), 3);
      QCOMPARE((*dictionary.decoder)(1, 2), numbers(6)[5]);
      QVERIFY2(contains(dictionary.notes, "one of length one was dropped"),
               joined(dictionary.notes).c_str());
    }
  }

  void crossLayerTranscoderNeedsAChoice()
  {
    const TemporaryFolder folder;
    const auto file = folder.write("W_dec_7.safetensors", safetensors({{"W_dec_7", {3, 4, 2}}}));
    folder.write("W_dec_8.safetensors", safetensors({{"W_dec_8", {3, 4, 2}}}));
    const std::string error = errorOf([&] { readDictionary(file); });
    QVERIFY2(error.find("choose one output layer") != std::string::npos, error.c_str());
    const std::string ofFolder = errorOf([&] { readDictionary(folder.path()); });
    QVERIFY2(ofFolder.find("cross-layer transcoder") != std::string::npos, ofFolder.c_str());
  }

  void otherContents_data()
  {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("words");
    QTest::newRow("empty") << "a.npy" << QByteArray() << "is empty";
    QTest::newRow("one byte") << "a.npy" << QByteArray("\x93") << "cut short";
    QTest::newRow("one byte of nothing") << "a" << QByteArray("\x01") << "no known kind";
    QTest::newRow("HTML") << "a.npz" << QByteArray("\n<!DOCTYPE html><html>") << "HTML page";
    QTest::newRow("git-lfs") << "a.safetensors"
                             << QByteArray("version https://git-lfs.github.com/spec/v1\noid x")
                             << "git-lfs pointer";
    QTest::newRow("gzip") << "a.npy.gz" << QByteArray("\x1F\x8B\x08 and so on") << "gzip";
    QTest::newRow("pickle") << "ae.pt" << QByteArray("\x80\x02}q\x00.", 6)
                            << "torch.load('ae.pt', map_location='cpu', weights_only=True)";
    QTest::newRow("XML") << "a.csv" << QByteArray("<?xml version='1.0'?>") << "XML";
    QTest::newRow("sharded index")
        << "model.safetensors.index.json"
        << QByteArray(R"({"metadata": {}, "weight_map": {"a": "model-2.safetensors",
                          "b": "model-1.safetensors"}})")
        << "model-1.safetensors, model-2.safetensors";
    QTest::newRow("configuration alone")
        << "cfg.json" << QByteArray(R"({"d_in": 3})") << "no weights beside it";
    QTest::newRow("other JSON") << "x.json" << QByteArray(R"({"d_in": 3})") << "a JSON file";
    QTest::newRow("no HDF5") << "a.h5" << QByteArray("something else") << "\\x89HDF";
  }

  void otherContents()
  {
    QFETCH(QString, name);
    QFETCH(QByteArray, bytes);
    QFETCH(QString, words);
    const TemporaryFolder folder;
    const auto file = folder.write(name.toStdString(), bytes.toStdString());
    const std::string error = errorOf([&] { readDictionary(file); });
    QVERIFY2(error.find(words.toStdString()) != std::string::npos, error.c_str());
    QVERIFY(error.find('\n') == std::string::npos);
  }

  void torchArchivesAreNamed()
  {
    ZipEntry pickle;
    pickle.name = "archive/data.pkl";
    pickle.data = "\x80\x02}q\x01.";
    const TemporaryFolder folder;
    const auto file = folder.write("sae.pt", zipOf({pickle}));
    const std::string error = errorOf([&] { readDictionary(file); });
    QVERIFY2(error.find("PyTorch file") != std::string::npos &&
                 error.find("save_file") != std::string::npos,
             error.c_str());
  }

  void contentDecidesNotTheName()
  {
    const TemporaryFolder folder;
    const auto file = folder.write("really.safetensors", npyFloats("(3, 2)", numbers(6)));
    const Dictionary dictionary = readDictionary(file);
    QCOMPARE(dictionary.source.format, std::string("NumPy .npy"));
    QVERIFY2(contains(dictionary.notes, "content is a NumPy array"),
             joined(dictionary.notes).c_str());
  }

  void pipesAndFoldersDoNotBlock()
  {
    const TemporaryFolder folder;
    const auto pipe = folder.path() / "pipe.npy";
    QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
    QVERIFY(errorOf([&] { readDictionary(pipe); }).find("pipe") != std::string::npos);
    QVERIFY(errorOf([&] { readDictionary("/dev/zero"); }).find("device") != std::string::npos);
    std::filesystem::create_directory(folder.path() / "empty");
    QVERIFY(errorOf([&] { readDictionary(folder.path() / "empty"); }).find("without weights") !=
            std::string::npos);
    std::filesystem::create_symlink("pipe.npy", folder.path() / "params.npz");
    QVERIFY(!errorOf([&] { readDictionary(folder.path()); }).empty());
  }

  void memoryLimitIsKept()
  {
    const TemporaryFolder folder;
    const auto file = folder.write("x.npy", npyFloats("(300, 200)", numbers(60000)));
    ReadOptions options;
    options.maxMemory = 239999;
    const std::string error = errorOf([&] { readDictionary(file, options); });
    QVERIFY2(error.find("300 features × 200 dimensions need 240,000 bytes of memory, more than "
                        "the 239,999 bytes allowed (--max-memory)") != std::string::npos,
             error.c_str());
    options.maxMemory = 240000;
    QCOMPARE(readDictionary(file, options).features(), 300);
    QCOMPARE(inspectDictionaryFile(file).candidates.front().memory, std::uint64_t{240000});
  }

  void moreThanTheMachineHasIsRefusedBeforeReading()
  {
    // Truthful and sparse on disk: 4 TiB.
    const TemporaryFolder folder;
    const std::string header = npyOf(npyHeader("<f4", "(1048576, 1048576)"), "");
    const auto file = folder.write("large.npy", header);
    if (::truncate(file.c_str(), static_cast<off_t>(header.size() + (std::uint64_t{4} << 40))) != 0)
      QSKIP("the file system has no sparse files of 4 TiB");
    const std::string error = errorOf([&] { readDictionary(file); });
    QVERIFY2(error.find("4.0 TiB of memory, more than") != std::string::npos, error.c_str());
  }

  void badRowsAreCounted()
  {
    std::vector<float> values = numbers(12);
    values[2] = std::nanf("");
    values[6] = values[7] = -0.0f;
    values[8] = values[0];
    values[9] = values[1];
    values[10] = INFINITY;
    const TemporaryFolder folder;
    const Dictionary dictionary =
        readDictionary(folder.write("x.npy", npyFloats("(6, 2)", values)));
    QCOMPARE(dictionary.rows.nonFinite, (std::vector<FeatureId>{1, 5}));
    QCOMPARE(dictionary.rows.zero, (std::vector<FeatureId>{3}));
    QCOMPARE(dictionary.rows.duplicates, 1);
    QVERIFY(contains(dictionary.warnings, "2 features with NaN or infinite values"));
    QVERIFY(contains(dictionary.notes, "1 feature with all zeros"));
    QVERIFY(contains(dictionary.notes, "1 feature equal to an earlier one"));
    QVERIFY(!dictionary.column("norm"));  // two columns are a map
    const Dictionary vectors =
        readDictionary(folder.write("vectors.npy", npyFloats("(3, 4)", values)));
    QVERIFY(std::isnan(vectors.column("norm")->numbers[0]));
  }

  void conversionsAreSaid()
  {
    const TemporaryFolder folder;
    const Dictionary whole =
        readDictionary(folder.write("i.npy", npyOf(npyHeader("|i1", "(3, 2)"), "\1\2\3\4\5\6")));
    QVERIFY(contains(whole.warnings, "int8 and were converted"));
    const Dictionary wide = readDictionary(folder.write(
        "d.npy", npyOf(npyHeader("<f8", "(2, 1)"), bytesOf(std::vector<double>{1e300, 1}))));
    QVERIFY(contains(wide.warnings, "1 float64 values do not fit"));
    QVERIFY(contains(wide.notes, "rounded to float32"));
  }

  void countsAreNoDictionary()
  {
    ZipEntry histogram;
    histogram.name = "histogram.npy";
    histogram.data = npyOf(npyHeader("<i4", "(3, 3)"), std::string(36, '\1'));
    const TemporaryFolder folder;
    const std::string error =
        errorOf([&] { readDictionary(folder.write("x_cooccurrences.npz", zipOf({histogram}))); });
    QVERIFY2(error.find("co-occurrence") != std::string::npos, error.c_str());
  }

  void stops()
  {
    const TemporaryFolder folder;
    const auto file = folder.write("x.npy", npyFloats("(3, 2)", numbers(6)));
    std::stop_source stop;
    stop.request_stop();
    QVERIFY_THROWS_EXCEPTION(Cancelled, readDictionary(file, {}, Progress(stop.get_token(), {})));
  }
};

QTEST_GUILESS_MAIN(tst_DictionaryFile)
#include "tst_DictionaryFile.moc"
