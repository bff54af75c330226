#include "core/document/LobeStudy.h"

#include "core/lobes/MutualInformation.h"
#include "tests/support/ExpectError.h"
#include "tests/support/SyntheticLobes.h"
#include "tests/support/TestData.h"

#include <QSignalSpy>
#include <QtTest/QTest>

#include <algorithm>
#include <fstream>
#include <set>

using namespace orrery;

namespace {

LobeAnalysisOptions quickOptions()
{
  LobeAnalysisOptions options;
  options.measures = {AffinityMeasure::Phi, AffinityMeasure::Jaccard};
  options.clustering.clusters = {2, 3, 4};
  options.locality.logistic = false;
  options.locality.permutations = 10;
  return options;
}

struct Opened {
  SyntheticLobes truth = syntheticLobes();
  Document document;
  LobeStudy study{&document};
  int layer = 0;

  Opened()
  {
    layer = document.addLayer(truth.dictionary);
    document.setCurrentLayer(layer);
    study.setCooccurrence(layer, truth.data);
  }
  bool analyze()
  {
    study.analyze(quickOptions());
    return QTest::qWaitFor([this] { return study.purpose() != nullptr; }, 60000);
  }
};

}  // namespace

class tst_LobeStudy : public QObject {
  Q_OBJECT
 private slots:
  void plantedLobesBecomeAColumn()
  {
    Opened opened;
    QCOMPARE(opened.study.shown().clusters, 0);
    QVERIFY(opened.document.dictionary()->column("blocks it fires in"));
    QVERIFY(opened.analyze());
    opened.study.show({AffinityMeasure::Phi, 4});
    const Column* column = opened.document.dictionary()->column("lobe (phi, k = 4)");
    QVERIFY(column);
    QCOMPARE(column->kind, Column::Kind::Category);
    QCOMPARE(column->categoryNames.size(), std::size_t{4});
    QCOMPARE(opened.document.appearance().colorBy, std::string("lobe (phi, k = 4)"));
    // Four lobes were planted; what is found agrees far beyond chance.
    QVERIFY2(
        compareClusterings(column->categories, opened.truth.planted).adjusted > 0.5,
        QByteArray::number(compareClusterings(column->categories, opened.truth.planted).adjusted));
    // To take it back is to colour as before.
    opened.document.undoStack()->undo();
    QVERIFY(opened.document.appearance().colorBy != "lobe (phi, k = 4)");
  }

  void colorsArePermutationsAndStay()
  {
    Opened opened;
    QVERIFY(opened.analyze());
    const auto result = opened.study.result();
    for (const LobeChoice& choice : result->choices()) {
      std::vector<std::int32_t> colors = result->colors.at(choice);
      std::sort(colors.begin(), colors.end());
      for (std::size_t i = 0; i < colors.size(); ++i)
        QCOMPARE(colors[i], static_cast<std::int32_t>(i));
    }
    // Most features keep their colour from three lobes to four, and from phi to Jaccard.
    const auto kept = [&](const LobeChoice& first, const LobeChoice& second) {
      const Lobes& a = *result->lobes(first);
      const Lobes& b = *result->lobes(second);
      std::int64_t same = 0, placed = 0;
      for (std::size_t i = 0; i < a.labels.size(); ++i) {
        if (a.labels[i] < 0 || b.labels[i] < 0)
          continue;
        ++placed;
        same += result->colors.at(first)[static_cast<std::size_t>(a.labels[i])] ==
                result->colors.at(second)[static_cast<std::size_t>(b.labels[i])];
      }
      return static_cast<double>(same) / static_cast<double>(placed);
    };
    QVERIFY(kept({AffinityMeasure::Phi, 3}, {AffinityMeasure::Phi, 4}) > 0.55);
    QVERIFY(kept({AffinityMeasure::Phi, 4}, {AffinityMeasure::Jaccard, 4}) > 0.55);
  }

  // The same vectors in another order are another layer: lobes that point alike keep their colour.
  void colorsFollowOverLayers()
  {
    Opened opened;
    QVERIFY(opened.analyze());
    const auto first = opened.study.result();
    const auto n = static_cast<std::size_t>(opened.truth.dictionary->features());
    Dictionary turned = *opened.truth.dictionary;
    turned.decoder = std::make_shared<const FeatureMatrix>(turned.decoder->rowwise().reverse());
    turned.labels.clear();
    auto data = std::make_shared<CooccurrenceData>(*opened.truth.data);
    auto firings = std::make_shared<Firings>(*data->firings);
    for (FeatureId& id : firings->ids)
      id = static_cast<FeatureId>(n) - 1 - id;
    normalizeFirings(*firings);
    data->firings = std::move(firings);
    std::reverse(data->own.begin(), data->own.end());
    const int other = opened.document.addLayer(std::make_shared<const Dictionary>(turned));
    opened.document.setCurrentLayer(other);
    opened.study.setCooccurrence(other, std::move(data));
    QVERIFY(opened.analyze());
    const auto second = opened.study.result();
    for (const int clusters : {2, 3, 4}) {
      const LobeChoice choice{AffinityMeasure::Phi, clusters};
      std::size_t same = 0, placed = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const std::int32_t a = first->lobes(choice)->labels[i];
        const std::int32_t b = second->lobes(choice)->labels[n - 1 - i];
        if (a < 0 || b < 0)
          continue;
        ++placed;
        same += first->colors.at(choice)[static_cast<std::size_t>(a)] ==
                second->colors.at(choice)[static_cast<std::size_t>(b)];
      }
      QVERIFY2(static_cast<double>(same) > 0.9 * static_cast<double>(placed),
               qPrintable(QString("%1 of %2").arg(same).arg(placed)));
    }
  }

  void purposeCountsEveryBlock()
  {
    Opened opened;
    QVERIFY(opened.analyze());
    const auto purpose = opened.study.purpose();
    QVERIFY(purpose->hasBlocks && purpose->hasDocuments);
    std::int64_t won = 0;
    for (const std::int64_t blocks : purpose->won)
      won += blocks;
    const auto undecided =
        std::count(purpose->blocks.winners.begin(), purpose->blocks.winners.end(), noLobe);
    QCOMPARE(won + undecided, opened.truth.data->blocks());
    QCOMPARE(purpose->typeOrder.size(), purpose->documents.types.size());
    QCOMPARE(purpose->top.size(), purpose->won.size());
  }

  void namesAreUndoable()
  {
    Opened opened;
    QVERIFY(opened.analyze());
    const LobeChoice shown = opened.study.shown();
    const std::string before = opened.study.names(shown)[1];
    QSignalSpy changed(&opened.study, &LobeStudy::shownChanged);
    opened.study.rename(shown, 1, "chatter");
    QCOMPARE(opened.study.names(shown)[1], std::string("chatter"));
    QCOMPARE(changed.count(), 1);
    const auto inColumn = [&](const std::string& name) {
      const auto& names = opened.document.dictionary()->column(columnName(shown))->categoryNames;
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    QVERIFY(inColumn("chatter"));
    opened.document.undoStack()->undo();
    QCOMPARE(opened.study.names(shown)[1], before);
    QVERIFY(!inColumn("chatter"));
    opened.document.undoStack()->redo();
    QVERIFY(inColumn("chatter"));
    opened.study.rename(shown, 1, "");
    QCOMPARE(opened.study.names(shown)[1], before);
  }

  void closedLayersAreForgotten()
  {
    Opened opened;
    opened.study.analyze(quickOptions());
    opened.document.closeLayer(opened.layer);
    QVERIFY(!opened.study.data());
    QVERIFY(!opened.study.result());
    QTest::qWait(50);
    QVERIFY(!opened.study.result());
    QVERIFY(!opened.study.isAnalyzing());
  }

  void resultsLeaveAsArrays()
  {
    Opened opened;
    QVERIFY(opened.study.table().arrays.empty());
    QVERIFY(opened.analyze());
    const ResultTable table = opened.study.table();
    std::set<std::string> names;
    for (const ResultArray& array : table.arrays)
      names.insert(array.name);
    for (const char* name : {"feature", "label", "phi/2", "jaccard/4", "cosine/3"})
      QVERIFY2(names.count(name), name);
  }

  void shorterFilesFitTheBeginning()
  {
    const SyntheticLobes truth = syntheticLobes(300, 200);
    Dictionary longer = *truth.dictionary;
    longer.decoder = std::make_shared<const FeatureMatrix>(FeatureMatrix::Random(8, 310));
    const CooccurrenceData fitted = fitToDictionary(*truth.data, longer);
    QCOMPARE(fitted.features(), 310);
    QCOMPARE(fitted.own.back(), 0);
    QCOMPARE(fitted.notes.size(), std::size_t{1});
    Dictionary shorter = *truth.dictionary;
    shorter.decoder = std::make_shared<const FeatureMatrix>(FeatureMatrix::Random(8, 290));
    ORRERY_EXPECT_ERROR(fitToDictionary(*truth.data, shorter), "300 features, but");
    CooccurrenceData named = *truth.data;
    named.featureNames.assign(300, "other");
    ORRERY_EXPECT_ERROR(fitToDictionary(named, longer), "their names differ");
  }

  void estimatesGrowWithTheWork()
  {
    Opened opened;
    LobeAnalysisOptions few = quickOptions();
    LobeAnalysisOptions many = few;
    many.clustering.clusters = {2, 4, 64};
    many.locality.logistic = true;
    many.locality.permutations = 100;
    QVERIFY(opened.study.estimate(many).seconds > opened.study.estimate(few).seconds);
    QVERIFY(opened.study.estimate(few).bytes > 0);
  }
};

QTEST_GUILESS_MAIN(tst_LobeStudy)
#include "tst_LobeStudy.moc"
