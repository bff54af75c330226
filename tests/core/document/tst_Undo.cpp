// Undoing any sequence of what a user does restores the start, and redoing the end.
#include "core/document/Annotations.h"
#include "core/document/LobeStudy.h"
#include "core/document/Session.h"
#include "core/document/SideViews.h"
#include "core/document/VectorStudy.h"

#include <QJsonDocument>
#include <QtTest/QTest>

#include <random>

using namespace orrery;

namespace {

std::shared_ptr<const Dictionary> words(int features, std::string name)
{
  auto dictionary = std::make_shared<Dictionary>();
  dictionary->name = std::move(name);
  dictionary->decoder = std::make_shared<const FeatureMatrix>(FeatureMatrix::Random(3, features));
  for (int i = 0; i < features; ++i)
    dictionary->labels.push_back("word " + std::to_string(i));
  Column column;
  column.name = "frequency";
  for (int i = 0; i < features; ++i)
    column.numbers.push_back(i);
  dictionary->columns.push_back(std::move(column));
  return dictionary;
}

/// Lobes as an analysis would have found them: of the number that is in turn.
std::shared_ptr<const LobeResult> lobesOf(int features, int seed)
{
  auto result = std::make_shared<LobeResult>();
  FunctionalLobes functional;
  functional.measure = AffinityMeasure::Phi;
  for (int clusters = 2; clusters <= 3; ++clusters) {
    Lobes lobes;
    lobes.clusters = clusters;
    lobes.sizes.assign(static_cast<std::size_t>(clusters), 0);
    for (int i = 0; i < features; ++i) {
      lobes.labels.push_back((i + seed) % clusters);
      ++lobes.sizes[static_cast<std::size_t>(lobes.labels.back())];
    }
    functional.clustering.clusterings.push_back(std::move(lobes));
  }
  result->analysis.functional.push_back(std::move(functional));
  result->colors = lobeColors(result->analysis);
  return result;
}

/// What the parts hold beside the document.
struct Studies {
  Annotations* annotations;
  SideViews* sides;
  VectorStudy* vectors;
  LobeStudy* lobes;
};

/// All that a user can have changed, as text.
std::string stateOf(const Document& document, const Studies& studies)
{
  const SideViews& sides = *studies.sides;
  std::string text = sessionText(sessionOf(document, *studies.annotations), "/");
  text += QJsonDocument(studies.vectors->state()).toJson().toStdString();
  const LobeChoice shown = studies.lobes->shown();
  text += columnName(shown) + "|";
  if (const Lobes* lobes = studies.lobes->shownLobes())
    for (const std::int32_t label : lobes->labels)
      text += std::to_string(label);
  for (const std::string& name : studies.lobes->names(shown))
    text += "|" + name;
  for (int index = 0; index < SideViews::count; ++index) {
    const SideView& view = sides.view(index);
    text +=
        view.colorBy.value_or("as the first") + "|" + view.map + (view.linked ? "|linked" : "|");
    if (view.camera)
      text += "|" + std::to_string(view.camera->position.x());
  }
  return text;
}

}  // namespace

class tst_Undo : public QObject {
  Q_OBJECT

 private slots:
  void anySequenceUndoneRestoresTheStart_data()
  {
    QTest::addColumn<int>("seed");
    for (int seed = 0; seed < 20; ++seed)
      QTest::addRow("seed %d", seed) << seed;
  }
  void anySequenceUndoneRestoresTheStart()
  {
    QFETCH(int, seed);
    constexpr int features = 30;
    Document document;
    Annotations annotations(&document);
    SideViews sides(&document);
    VectorStudy vectors(&document, &annotations);
    LobeStudy lobes(&document);
    const Studies studies{&annotations, &sides, &vectors, &lobes};
    std::vector<int> layers{document.addLayer(words(features, "one")),
                            document.addLayer(words(features, "two"))};
    for (const int layer : layers) {
      auto fired = std::make_shared<CooccurrenceData>();
      fired->own.assign(features, 3);
      fired->facts.features = features;
      fired->facts.blocks = 10;
      lobes.setCooccurrence(layer, fired);
    }
    document.undoStack()->clear();
    std::mt19937 random(static_cast<unsigned>(seed));
    const auto below = [&](int bound) {
      return static_cast<int>(random() % static_cast<unsigned>(bound));
    };
    const auto someFeatures = [&] {
      std::vector<FeatureId> chosen;
      for (FeatureId id = 0; id < features; ++id)
        if (below(3) == 0)
          chosen.push_back(id);
      return chosen;
    };
    std::vector<std::string> states{stateOf(document, studies)};
    // At least 100 steps deep, and merged ones do not count.
    while (document.undoStack()->count() < 150) {
      const int layer = document.layer()->id;
      const std::string name = "kept " + std::to_string(below(4));
      const int before = document.undoStack()->count();
      switch (below(20)) {
        case 14:
          vectors.addMeanOfSelection();
          break;
        case 15:
          if (!vectors.vectors().empty())
            vectors.remove(
                {static_cast<std::size_t>(below(static_cast<int>(vectors.vectors().size())))});
          break;
        case 16: {
          Column column;
          column.name = "computed " + std::to_string(below(3));
          for (int i = 0; i < features; ++i)
            column.numbers.push_back(below(2) ? below(9) : std::nan(""));
          document.computeColumns(layer, {column}, "Compute");
          break;
        }
        case 17:
          lobes.setResult(layer, lobesOf(features, below(3)));
          break;
        case 18:
          lobes.show({AffinityMeasure::Phi, 2 + below(2)});
          break;
        case 19:
          lobes.rename(lobes.shown(), below(2), "name " + std::to_string(below(5)));
          break;
        case 0:
          document.selection()->setFeatures(someFeatures());
          break;
        case 1: {
          Appearance look = document.appearance();
          look.colorBy = below(2) ? "frequency" : "";
          look.pointSize = below(9);
          look.showLabels = below(2);
          document.setAppearance(look);
          break;
        }
        case 2:
          document.setSearch({"word " + std::to_string(below(30)), below(2) == 0, below(2) == 0});
          break;
        case 3: {
          // The view's camera is the document's, once there is one.
          Camera from = document.camera().value_or(Camera());
          Camera to = from;
          to.position.x() += 1 + below(5);
          document.recordCamera(from, to);
          break;
        }
        case 4:
          document.setCurrentLayer(layers[static_cast<std::size_t>(below(2))]);
          break;
        case 5:
          annotations.setNote(
              layer, below(features),
              below(3) ? FeatureNote{"note " + std::to_string(below(9)), {"tag"}} : FeatureNote());
          break;
        case 6: {
          NamedSelection kept;
          kept.name = name;
          kept.features = someFeatures();
          annotations.keepSelection(layer, kept);
          break;
        }
        case 7:
          annotations.renameSelection(layer, name, "renamed " + std::to_string(below(9)));
          break;
        case 8:
          annotations.removeSelection(layer, name);
          break;
        case 9:
          annotations.setFilter(layer, below(2) ? std::optional<ColumnFilter>()
                                                : ColumnFilter{"frequency", 1.0 * below(9), 20});
          break;
        case 10:
          annotations.addTag(layer, someFeatures(), "tag " + std::to_string(below(3)));
          break;
        case 11:
          annotations.removeTag(layer, someFeatures(), "tag " + std::to_string(below(3)));
          break;
        case 12: {
          const int index = below(SideViews::count);
          SideView view = sides.view(index);
          view.linked = below(2);
          view.map = below(2) ? "t-SNE" : "";
          view.colorBy = below(2) ? std::optional<std::string>() : "frequency";
          sides.setView(index, view, "Change a view");
          break;
        }
        case 13: {
          const int index = below(SideViews::count);
          Camera from = sides.view(index).camera.value_or(Camera());
          Camera to = from;
          to.position.x() += 1 + below(5);
          sides.recordCamera(index, from, to);
          break;
        }
      }
      const int count = document.undoStack()->count();
      if (count > before)
        states.push_back(stateOf(document, studies));
      else
        states.back() = stateOf(document, studies);
    }
    QCOMPARE(states.size(), std::size_t{151});
    for (std::size_t i = states.size(); i-- > 1;) {
      QCOMPARE(stateOf(document, studies), states[i]);
      QVERIFY(document.undoStack()->canUndo());
      document.undoStack()->undo();
    }
    QCOMPARE(stateOf(document, studies), states[0]);
    QVERIFY(!document.undoStack()->canUndo());
    while (document.undoStack()->canRedo())
      document.undoStack()->redo();
    QCOMPARE(stateOf(document, studies), states.back());
  }
};

QTEST_GUILESS_MAIN(tst_Undo)
#include "tst_Undo.moc"
