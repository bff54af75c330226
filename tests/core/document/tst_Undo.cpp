// Undoing any sequence of what a user does restores the start, and redoing the end.
#include "core/document/Annotations.h"
#include "core/document/Session.h"
#include "core/document/SideViews.h"

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

/// All that a user can have changed, as text.
std::string stateOf(const Document& document, const Annotations& annotations,
                    const SideViews& sides)
{
  std::string text = sessionText(sessionOf(document, annotations), "/");
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
    std::vector<int> layers{document.addLayer(words(features, "one")),
                            document.addLayer(words(features, "two"))};
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
    std::vector<std::string> states{stateOf(document, annotations, sides)};
    // At least 100 steps deep, and merged ones do not count.
    while (document.undoStack()->count() < 150) {
      const int layer = document.layer()->id;
      const std::string name = "kept " + std::to_string(below(4));
      const int before = document.undoStack()->count();
      switch (below(14)) {
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
        states.push_back(stateOf(document, annotations, sides));
      else
        states.back() = stateOf(document, annotations, sides);
    }
    QCOMPARE(states.size(), std::size_t{151});
    for (std::size_t i = states.size(); i-- > 1;) {
      QCOMPARE(stateOf(document, annotations, sides), states[i]);
      QVERIFY(document.undoStack()->canUndo());
      document.undoStack()->undo();
    }
    QCOMPARE(stateOf(document, annotations, sides), states[0]);
    QVERIFY(!document.undoStack()->canUndo());
    while (document.undoStack()->canRedo())
      document.undoStack()->redo();
    QCOMPARE(stateOf(document, annotations, sides), states.back());
  }
};

QTEST_GUILESS_MAIN(tst_Undo)
#include "tst_Undo.moc"
