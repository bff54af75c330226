// Lobes as sessions keep them: all comes back, and what a stranger's file says is looked at.
#include "core/document/LobeState.h"
#include "tests/support/SyntheticLobes.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QtTest/QTest>

#include <functional>

using namespace orrery;

namespace {

LobeState analysed(const SyntheticLobes& truth)
{
  LobeAnalysisOptions options;
  options.measures = {AffinityMeasure::Phi, AffinityMeasure::Jaccard};
  options.clustering.clusters = {2, 3};
  options.locality.permutations = 10;
  options.locality.logistic = false;
  auto result = std::make_shared<LobeResult>();
  result->analysis = analyzeLobes(*truth.data, *truth.dictionary->decoder, {}, options);
  result->colors = lobeColors(result->analysis);
  LobeState state;
  state.shown = {AffinityMeasure::Jaccard, 3};
  result->suggested[state.shown] = {{{}, "one"}, {{}, "two"}, {{}, "three"}};
  state.names[state.shown][1] = "my own";
  state.result = std::move(result);
  return state;
}

QJsonObject changed(QJsonObject json, const std::function<void(QJsonObject&)>& change)
{
  QJsonArray clusterings = json["clusterings"].toArray();
  for (qsizetype i = 0; i < clusterings.size(); ++i) {
    QJsonObject one = clusterings[i].toObject();
    change(one);
    clusterings[i] = one;
  }
  json["clusterings"] = clusterings;
  return json;
}

}  // namespace

class tst_LobeState : public QObject {
  Q_OBJECT
 private:
  SyntheticLobes m_truth = syntheticLobes(200, 300);
  LobeState m_state;
  QJsonObject m_json;

 private slots:
  void initTestCase()
  {
    m_state = analysed(m_truth);
    // Through text, as a file holds it.
    m_json = QJsonDocument::fromJson(QJsonDocument(lobeStateJson(m_state)).toJson()).object();
  }

  void allComesBack()
  {
    const auto kept = lobeState(m_json, 200);
    QVERIFY(kept);
    QCOMPARE(kept->shown, m_state.shown);
    QVERIFY(kept->names == m_state.names);
    QVERIFY(kept->result->choices() == m_state.result->choices());
    for (const LobeChoice& choice : kept->result->choices()) {
      QVERIFY(kept->result->lobes(choice)->labels == m_state.result->lobes(choice)->labels);
      QVERIFY(kept->result->lobes(choice)->sizes == m_state.result->lobes(choice)->sizes);
    }
    QVERIFY(kept->result->colors == m_state.result->colors);
    QCOMPARE(kept->result->suggested.at(m_state.shown)[2].suggestion, std::string("three"));
    QCOMPARE(kept->result->analysis.features.sentence(),
             m_state.result->analysis.features.sentence());
    const auto& before = m_state.result->analysis.find(AffinityMeasure::Phi)->locality;
    const auto& after = kept->result->analysis.find(AffinityMeasure::Phi)->locality;
    QCOMPARE(after.size(), before.size());
    QCOMPARE(after[1].ami.observed, before[1].ami.observed);
    QCOMPARE(after[1].ami.z, before[1].ami.z);
    QCOMPARE(after[1].sentence(), before[1].sentence());
    QCOMPARE(lobeStateJson(*kept), m_json);
  }

  void whatIsNoClusteringIsLeftOut()
  {
    QVERIFY(!lobeState({}, 200));
    QVERIFY(!lobeState(m_json, 201));  // another dictionary's
    const std::function<void(QJsonObject&)> wrong[] = {
        [](QJsonObject& one) { one["labels"] = "AAAA"; },
        [](QJsonObject& one) { one["labels"] = 7; },
        // Says that it becomes four gigabytes.
        [](QJsonObject& one) { one["labels"] = "/////3iccw=="; },
        [](QJsonObject& one) { one["lobes"] = 1; }, [](QJsonObject& one) { one["lobes"] = 1e9; },
        [](QJsonObject& one) { one["affinity"] = "no such"; },
        [](QJsonObject& one) {
          one["colors"] = QJsonArray{0, 0, 0};
        },
        [](QJsonObject& one) {
          one["colors"] = QJsonArray{5, 1};
        },
        [](QJsonObject& one) { one.remove("colors"); }};
    for (const auto& change : wrong)
      QVERIFY(!lobeState(changed(m_json, change), 200));
  }

  void oddNamesAndNumbersAreNoHarm()
  {
    const auto kept = lobeState(
        changed(m_json,
                [](QJsonObject& one) {
                  one["names"] = QJsonObject{{"x", "a"}, {"-1", "b"}, {"99", "c"}, {"0", 3}};
                  one["suggested"] = QJsonArray{1, 2, 3, 4, 5, 6, 7};
                  one["locality"] = QJsonObject{{"ami", "x"}, {"verdict", 99}};
                }),
        200);
    QVERIFY(kept);
    QVERIFY(kept->names.empty());
    QJsonObject elsewhere = m_json;
    elsewhere["shown"] = QJsonObject{{"affinity", "phi"}, {"lobes", 77}};
    elsewhere["features"] = "x";
    QCOMPARE(lobeState(elsewhere, 200)->shown, kept->result->choices().front());
  }
};

QTEST_GUILESS_MAIN(tst_LobeState)
#include "tst_LobeState.moc"
