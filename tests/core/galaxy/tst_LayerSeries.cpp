#include "core/base/Error.h"
#include "core/galaxy/LayerAnalysis.h"
#include "core/galaxy/LayerSeries.h"
#include "core/io/ResultFile.h"
#include "core/synthetic/SyntheticDictionary.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/support/TestData.h"

#include <QtTest/QTest>

using namespace orrery;

namespace {

void writeLayer(const std::filesystem::path& path, std::int64_t n, std::int64_t d,
                std::uint64_t seed)
{
  std::filesystem::create_directories(path.parent_path());
  const FeatureMatrix x = gaussianCloud(n, d, seed);
  ResultTable table;
  table.arrays.push_back({"W_dec", {n, d}, std::vector<float>(x.data(), x.data() + x.size())});
  writeResult(path, table);
}

bool mentions(const std::vector<std::string>& sentences, const std::string& word)
{
  return std::ranges::any_of(
      sentences, [&](const std::string& text) { return text.find(word) != std::string::npos; });
}

}  // namespace

class tst_LayerSeries : public QObject {
  Q_OBJECT
 private slots:
  void gemmaScopeTree()
  {
    const test::TemporaryFolder folder;
    const auto root = folder.path() / "gemma-scope-2b-pt-res";
    for (const auto& [layer, l0] : {std::pair{10, 77}, {2, 75}, {2, 140}, {9, 40}})
      writeLayer(root / ("layer_" + std::to_string(layer)) / "width_16k" /
                     ("average_l0_" + std::to_string(l0)) / "params.npz",
                 30, 8, static_cast<std::uint64_t>(l0));
    folder.write("gemma-scope-2b-pt-res/README.md", "text");
    const LayerListing listing = listLayers({root});
    QCOMPARE(listing.layers.size(), std::size_t{4});
    const std::pair<int, int> expected[] = {{2, 75}, {2, 140}, {9, 40}, {10, 77}};
    for (std::size_t i = 0; i < 4; ++i) {
      QCOMPARE(*listing.layers[i].origin.layer, expected[i].first);
      QCOMPARE(*listing.layers[i].origin.l0, double(expected[i].second));
      QCOMPARE(*listing.layers[i].origin.width, std::int64_t{16384});
      QCOMPARE(listing.layers[i].features, std::int64_t{30});
    }
    const auto warnings = layerWarnings(listing.layers);
    QVERIFY(mentions(warnings, "L0 varies"));
    QVERIFY(mentions(warnings, "40 to 140"));
    QVERIFY(mentions(warnings, "several times"));
    QVERIFY(!mentions(warnings, "width varies"));
    QCOMPARE(layersAtMatchedL0(listing.layers, 80), (std::vector<std::size_t>{0, 2, 3}));
    QCOMPARE(layersAtMatchedL0(listing.layers, 200), (std::vector<std::size_t>{1, 2, 3}));
    QVERIFY(layersAtMatchedL0(listing.layers, 80, 65536).empty());
  }

  void groupsOfHdf5()
  {
    ORRERY_NEED_DATA("sae/pasttense_L4_saes.h5");
    const LayerListing listing = listLayers({test::dataFolder() / "sae/pasttense_L4_saes.h5"});
    QCOMPARE(listing.layers.size(), std::size_t{6});
    QCOMPARE(listing.layers[0].name, std::string("L1_K10"));
    QCOMPARE(*listing.layers[0].origin.layer, 1);
    QCOMPARE(*listing.layers[0].origin.l0, 10.0);
    QCOMPARE(*listing.layers[5].origin.layer, 4);
    QCOMPARE(*listing.layers[5].origin.l0, 20.0);
    LayerCache cache(listing.layers, 0);
    QCOMPARE(cache.dictionary(1)->features(), std::int64_t{512});
  }

  void keepsWhatFitsAndReadsTheRestAgain()
  {
    const test::TemporaryFolder folder;
    for (int i = 0; i < 4; ++i)
      writeLayer(folder.path() / ("layer_" + std::to_string(i) + ".npz"), 100, 10,
                 static_cast<std::uint64_t>(i));
    const LayerListing listing = listLayers({folder.path()});
    QCOMPARE(listing.layers.size(), std::size_t{4});
    LayerCache cache(listing.layers, 8000);  // two of 4000 bytes
    for (std::size_t i = 0; i < 4; ++i) {
      (void)cache.dictionary(i);
      QVERIFY(cache.bytesKept() <= 8000);
    }
    QCOMPARE(cache.reads(), 4);
    (void)cache.dictionary(3);
    (void)cache.dictionary(2);
    QCOMPARE(cache.reads(), 4);
    const auto first = cache.dictionary(0);
    QCOMPARE(cache.reads(), 5);
    QVERIFY(*first->decoder == gaussianCloud(100, 10, 0));
    (void)cache.dictionary(2);
    QCOMPARE(cache.reads(), 5);
  }

  void faults()
  {
    const test::TemporaryFolder folder;
    QVERIFY(test::errorOf([&] { (void)listLayers({folder.path()}); }).find("no dictionary") !=
            std::string::npos);
    QVERIFY_EXCEPTION_THROWN((void)listLayers({folder.path() / "missing.npz"}), Error);
  }

  void analysisHasItsControls()
  {
    SyntheticOptions synthetic;
    synthetic.features = 1500;
    synthetic.dimensions = 128;
    synthetic.blocks = 0;
    synthetic.spectrumExponent = 0.5;
    const Dictionary dictionary = makeSyntheticDictionary(synthetic).dictionary;
    LayerAnalysisOptions options;
    options.spectrum.halves = 4;
    options.entropy.rows = 600;
    const LayerAnalysis analysis = analyzeLayer(dictionary, options);
    QVERIFY(analysis.spectrum.windowClipped);
    QVERIFY(mentions(analysis.notes, "clipped"));
    QVERIFY(std::abs(analysis.gaussian.slope - analysis.marchenkoPastur.slope) < 0.02);
    QVERIFY(analysis.marchenkoPastur.slope < 0 &&
            analysis.marchenkoPastur.slope > analysis.spectrum.slope);
    QVERIFY(analysis.spectrum.slopeInterval > 0);
    QVERIFY(analysis.spectrum.logEffectiveVolumeInterval > 0);
    QCOMPARE(analysis.scores.cols(), 1500);
    QVERIFY(analysis.entropy->corrected > analysis.entropy->interval95);
    // A Gaussian cloud is all sampling, and that is said.
    Dictionary noise;
    noise.decoder = std::make_shared<const FeatureMatrix>(gaussianCloud(400, 180, 3));
    options.withEntropy = false;
    options.spectrum.halves = 0;
    const LayerAnalysis none = analyzeLayer(noise, options);
    QVERIFY(none.samplingShare > 0.9);
    QVERIFY(mentions(none.warnings, "sampling alone explains the whole slope"));
    QVERIFY(none.aboveUpperEdge < 4);
  }

  void unitNormIsOfUnitRows()
  {
    Dictionary dictionary;
    FeatureMatrix x = gaussianCloud(300, 40, 3);
    for (Eigen::Index i = 0; i < 300; i += 2)
      x.col(i) *= 25.0f;
    dictionary.decoder = std::make_shared<const FeatureMatrix>(x);
    Dictionary unit;
    unit.decoder = std::make_shared<const FeatureMatrix>(x.colwise().normalized());
    LayerAnalysisOptions options;
    options.withEntropy = false;
    const double expected = analyzeLayer(unit, options).spectrum.slope;
    QVERIFY(std::abs(analyzeLayer(dictionary, options).spectrum.slope - expected) > 1e-3);
    options.unitNorm = true;
    QVERIFY(std::abs(analyzeLayer(dictionary, options).spectrum.slope - expected) < 1e-5);
  }

  // A direction that the label's length gives is found on its component.
  void componentsSayWhatLiesOnThem()
  {
    Dictionary dictionary;
    FeatureMatrix x = gaussianCloud(400, 30, 3);
    for (Eigen::Index i = 0; i < 400; ++i) {
      dictionary.labels.push_back(std::string(static_cast<std::size_t>(1 + i % 20), 'a'));
      x(7, i) += 2.0f * static_cast<float>(i % 20);
    }
    dictionary.decoder = std::make_shared<const FeatureMatrix>(x);
    LayerAnalysisOptions options;
    options.withEntropy = false;
    const LayerAnalysis analysis = analyzeLayer(dictionary, options);
    const ComponentReport report = inspectComponent(dictionary, analysis, 0, 5);
    QCOMPARE(report.highest.size(), std::size_t{5});
    QVERIFY(report.highest.front().second > report.highest.back().second);
    QVERIFY(report.lowest.front().second < 0);
    const auto length = std::ranges::find(report.correlations, std::string("label length"),
                                          &ComponentCorrelation::name);
    QVERIFY(length != report.correlations.end());
    QVERIFY(std::abs(length->pearson) > 0.95 && std::abs(length->spearman) > 0.95);
    QVERIFY(report.share > 0.5);
    // What tokenisers set before a word does not make it longer.
    for (std::size_t i = 0; i < dictionary.labels.size(); i += 3)
      dictionary.labels[i].insert(0, i % 2 ? "\u2581" : " ##");
    const ComponentReport marked = inspectComponent(dictionary, analysis, 0, 5);
    QCOMPARE(std::ranges::find(marked.correlations, std::string("label length"),
                               &ComponentCorrelation::name)
                 ->pearson,
             length->pearson);
    const ComponentReport other = inspectComponent(dictionary, analysis, 2, 5);
    for (const ComponentCorrelation& correlation : other.correlations)
      if (correlation.name == "label length")
        QVERIFY(std::abs(correlation.pearson) < 0.2);
    QVERIFY_EXCEPTION_THROWN((void)inspectComponent(dictionary, analysis, 99), Error);
  }
};

QTEST_APPLESS_MAIN(tst_LayerSeries)
#include "tst_LayerSeries.moc"
