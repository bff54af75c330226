#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/lobes/LobeAnalysis.h"
#include "core/lobes/LobeScores.h"
#include "core/synthetic/SyntheticDictionary.h"

#include <QtTest/QTest>

#include <algorithm>
#include <cmath>

using namespace orrery;

namespace {

struct Demo {
  SyntheticDictionary synthetic;
  CooccurrenceData data;
};

Demo makeDemoData()
{
  SyntheticOptions options;
  options.features = 800;
  options.dimensions = 64;
  options.blocks = 1200;
  Demo demo{makeSyntheticDictionary(options), {}};
  auto firings = std::make_shared<Firings>();
  firings->features = 800;
  firings->starts = demo.synthetic.firings.starts;
  firings->ids = demo.synthetic.firings.features;
  demo.data.own.assign(800, 0);
  for (const FeatureId id : firings->ids)
    ++demo.data.own[static_cast<std::size_t>(id)];
  demo.data.firings = std::move(firings);
  return demo;
}

LobeAnalysisOptions quickOptions()
{
  LobeAnalysisOptions options;
  options.clustering.clusters = {4};
  options.locality.permutations = 100;
  options.locality.logisticDraws = 4;
  return options;
}

}  // namespace

class tst_LobeLocality : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() { m_demo = makeDemoData(); }
  void cleanup() { setThreadCount(2); }

  void plantedLobesAreFoundAndArePlaces()
  {
    LobeAnalysisOptions options = quickOptions();
    options.measures = {AffinityMeasure::Phi, AffinityMeasure::Jaccard};
    options.measureStability = true;
    const LobeAnalysis analysis =
        analyzeLobes(m_demo.data, *m_demo.synthetic.dictionary.decoder, {}, options);
    const FunctionalLobes* phi = analysis.find(AffinityMeasure::Phi);
    QVERIFY(phi);
    const double found =
        compareClusterings(phi->clustering.clusterings[0].labels, m_demo.synthetic.lobes).adjusted;
    QVERIFY2(found > 0.8, qPrintable(QString::number(found)));
    const LobeLocality& locality = phi->locality[0];
    QVERIFY(locality.ami.observed > 0.3);
    QVERIFY(std::abs(locality.ami.mean) < 0.01);
    QVERIFY(std::abs(locality.amiWithinDeciles.mean) < 0.1);
    QCOMPARE(locality.verdict, Verdict::Clear);
    QVERIFY(locality.hasLogistic);
    QVERIFY(locality.logistic.observed > locality.logistic.mean + 0.2);
    QVERIFY(locality.logistic.observed > locality.logisticWithinDeciles.mean + 0.1);
    QCOMPARE(phi->stability.size(), std::size_t{1});
    QVERIFY(phi->stability[0].betweenHalves > 0.5);
    QVERIFY(phi->stability[0].leastBetweenSeeds > 0.8);
  }

  // The same lobes beside vectors that know nothing of them. One in twenty may seem weak.
  void noiseIsNotDistinguishable()
  {
    LobeAnalysisOptions options = quickOptions();
    int chance = 0;
    for (std::uint64_t seed = 11; seed < 17; ++seed) {
      options.locality.logistic = seed == 12;
      const LobeAnalysis analysis =
          analyzeLobes(m_demo.data, gaussianCloud(800, 64, seed), {}, options);
      const LobeLocality& locality = analysis.functional[0].locality[0];
      QVERIFY(std::abs(locality.ami.observed) < 0.02);
      QVERIFY(std::abs(locality.ami.mean) < 0.01);
      QVERIFY(locality.verdict != Verdict::Clear);
      chance += locality.verdict == Verdict::NotDistinguishable;
      if (locality.hasLogistic)
        QVERIFY(std::abs(locality.logistic.observed - 0.25) < 0.12);
    }
    QVERIFY2(chance >= 4, qPrintable(QString::number(chance)));
  }

  void neighboursFireTogether()
  {
    const Cooccurrence counts = countCooccurrences(*m_demo.data.firings);
    const NeighborPhi near =
        measureNeighborPhi(counts, *m_demo.synthetic.dictionary.decoder, {}, {.neighbors = 5});
    QCOMPARE(near.mean.size(), std::size_t{5});
    QVERIFY(near.mean[0] > near.randomMean);
    QVERIFY(near.z[0] > 4);
    const NeighborPhi noise =
        measureNeighborPhi(counts, gaussianCloud(800, 64, 13), {}, {.neighbors = 5});
    for (const double z : noise.z)
      QVERIFY2(std::abs(z) < 4.5, qPrintable(QString::number(z)));
  }

  void sameBitsForAnyThreads()
  {
    std::vector<double> values[2];
    for (int run = 0; run < 2; ++run) {
      setThreadCount(run == 0 ? 1 : 3);
      const LobeAnalysis analysis =
          analyzeLobes(m_demo.data, *m_demo.synthetic.dictionary.decoder, {}, quickOptions());
      const LobeLocality& locality = analysis.functional[0].locality[0];
      values[run] = locality.ami.values;
      values[run].insert(values[run].end(), locality.logistic.values.begin(),
                         locality.logistic.values.end());
      values[run].push_back(locality.logistic.observed);
    }
    QCOMPARE(values[0], values[1]);
  }

  void featuresThatTakePart()
  {
    const std::vector<std::int64_t> own = {0, 1, 40, 100, 60, 41, 5};
    const LobeFeatures all = chooseLobeFeatures(own, 100, {}, LobeVariant::Textbook);
    QCOMPARE(all.used, (std::vector<FeatureId>{1, 2, 4, 5, 6}));
    QCOMPARE(all.never, std::int64_t{1});
    QCOMPARE(all.always, std::int64_t{1});
    const LobeFeatures some =
        chooseLobeFeatures(own, 100, {.minBlocks = 5, .maxShare = 0.4}, LobeVariant::Textbook, {6});
    QCOMPARE(some.used, (std::vector<FeatureId>{2}));
    QCOMPARE(some.rarely, std::int64_t{1});
    QCOMPARE(some.often, std::int64_t{2});
    QCOMPARE(some.unusable, std::int64_t{1});
    QCOMPARE(chooseLobeFeatures(own, 100, {}, LobeVariant::Published).used.size(), std::size_t{7});
  }

  void verdicts()
  {
    std::vector<double> null;
    for (int i = 0; i < 199; ++i)
      null.push_back(i * 0.01);
    // Reached by 10, 8, 2 and 1 of the 199.
    QCOMPARE(verdictOf(compareWithNull(1.885, null)), Verdict::NotDistinguishable);
    QCOMPARE(verdictOf(compareWithNull(1.905, null)), Verdict::Weak);
    QCOMPARE(verdictOf(compareWithNull(1.965, null)), Verdict::Weak);
    QCOMPARE(verdictOf(compareWithNull(1.975, null)), Verdict::Clear);
    // Fewer draws than a hundred cannot tell so much.
    QCOMPARE(verdictOf(compareWithNull(5.0, std::vector<double>(50, 0.0))), Verdict::Weak);
    QCOMPARE(verdictOf(compareWithNull(1.5, {0.0, 0.0, 0.0})), Verdict::NotDistinguishable);
    LobeLocality locality;
    locality.ami.p = 0.0012;
    locality.amiWithinDeciles.p = 0.03;
    QCOMPARE(locality.sentence(),
             std::string("clearly above chance (p = 0.0012); within deciles of firing frequency "
                         "weakly above chance (p = 0.03)"));
  }

  void decilesKeepTiesTogether()
  {
    std::vector<std::int64_t> own;
    for (int i = 0; i < 100; ++i)
      own.push_back(i < 50 ? 1 : i);
    const std::vector<std::int32_t> deciles = frequencyDeciles(own);
    for (std::size_t i = 1; i < 50; ++i)
      QCOMPARE(deciles[i], deciles[0]);
    QCOMPARE(deciles[99], 9);
    QVERIFY(std::is_sorted(deciles.begin(), deciles.end()));
  }

  void mismatchesAreRefused()
  {
    QVERIFY_EXCEPTION_THROWN(
        analyzeLobes(m_demo.data, gaussianCloud(799, 8, 1), {}, quickOptions()), Error);
    LobeAnalysisOptions options = quickOptions();
    options.filter.minBlocks = 100000;
    QVERIFY_EXCEPTION_THROWN(
        analyzeLobes(m_demo.data, *m_demo.synthetic.dictionary.decoder, {}, options), Error);
  }

  // --- What lobes are for -----------------------------------------------------------------------

  void blocksAndDocuments()
  {
    Firings firings;
    firings.features = 5;
    firings.ids = {0, 3, 0, 1, 2, 3, 4};
    firings.starts = {0, 2, 5, 7, 7};
    const Lobes lobes = lobesFromLabels({0, 0, 0, 1, 1});
    const BlockLobes blocks = scoreBlocks(firings, lobes);
    QCOMPARE(blocks.winners, (std::vector<std::int32_t>{1, 0, 1, noLobe}));
    QVERIFY(std::abs(blocks.shares(0, 0) - 1.0f / 3) < 1e-6f);
    const DocumentLobes documents = scoreDocuments(blocks, {"a", "b", "a", "b"}, 2);
    QCOMPARE(documents.types, (std::vector<std::string>{"a", "b"}));
    QCOMPARE(documents.shares(1, 0), 1.0);
    QCOMPARE(documents.shares(0, 1), 0.5);
    QCOMPARE(documents.undecided, (std::vector<std::int64_t>{0, 1}));
    QCOMPARE(orderByLobe(documents), (std::vector<std::size_t>{1, 0}));
    QVERIFY_EXCEPTION_THROWN(scoreDocuments(blocks, {"a"}, 2), Error);
    const auto top = topFeatures(firings, lobes, blocks, 2, 1);
    QCOMPARE(top[0].byFrequency[0].feature, 0);
    QCOMPARE(top[0].byFrequency[0].blocks, std::int64_t{2});
    // Feature 4 fires in one block, which its lobe wins; its lobe wins half of all.
    QCOMPARE(top[1].bySpecificity[0].specificity, 2.0);
  }

  void namesComeFromWordsThatStandOut()
  {
    std::vector<std::int32_t> labels;
    std::vector<std::string> texts;
    Random random(4);
    for (int i = 0; i < 400; ++i) {
      const int lobe = i < 250 ? 0 : 1;
      labels.push_back(lobe);
      const std::string common = "word" + std::to_string(random.below(50));
      texts.push_back(common + (lobe == 1 && i % 2 == 0 ? " Python code" : " text"));
    }
    const Lobes lobes = lobesFromLabels(labels);
    const std::vector<LobeName> names = suggestNames(lobes, texts, {});
    QCOMPARE(names[1].words.size(), std::size_t{2});
    QVERIFY(names[1].suggestion == "code, python" || names[1].suggestion == "python, code");
    QVERIFY(names[1].words[0].p < 1e-10);
    QCOMPARE(names[1].words[0].within, std::int64_t{75});
    // Words of chance alone name nothing.
    std::vector<std::string> noise;
    for (int i = 0; i < 400; ++i)
      noise.push_back("word" + std::to_string(random.below(50)));
    for (const LobeName& name : suggestNames(lobes, noise, {}))
      QVERIFY(name.words.empty());
  }

  void splitsAreTraced()
  {
    const Lobes two = lobesFromLabels({0, 0, 0, 0, 1, 1, 1, -1});
    const Lobes three = lobesFromLabels({2, 2, 0, 0, 1, 1, 1, 1});
    const LobeFlow flow = traceSplits({&two, &three});
    QCOMPARE(flow.clusters, (std::vector<int>{2, 3}));
    std::int64_t features = 0;
    for (const LobeFlow::Band& band : flow.bands)
      features += band.features;
    QCOMPARE(features, std::int64_t{8});
    QCOMPARE(flow.bands.size(), std::size_t{4});
    // The lobe of four is now the largest; it keeps the colour of the three it came from.
    QCOMPARE(flow.colors[1][0], 1);
    QCOMPARE(flow.order[1].back(), 0);
  }

 private:
  Demo m_demo;
};

QTEST_APPLESS_MAIN(tst_LobeLocality)
#include "tst_LobeLocality.moc"
