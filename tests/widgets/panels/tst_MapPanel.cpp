#include "core/synthetic/SyntheticDictionary.h"
#include "widgets/panels/MapPanel.h"

#include <QtTest/QTest>

using namespace orrery;

class tst_MapPanel : public QObject {
  Q_OBJECT
 private slots:
  // Offered for very many features only, and then off.
  void exactNeighborsAreTheRule()
  {
    Document document;
    MapStudy study(&document);
    MapPanel panel(&document, &study);
    QCheckBox* box = panel.findChild<QCheckBox*>();
    QVERIFY(box);
    QCOMPARE(box->accessibleName(), QStringLiteral("Approximate neighbours"));
    const auto add = [&](std::int64_t features) {
      auto dictionary = std::make_shared<Dictionary>();
      dictionary->decoder = std::make_shared<const FeatureMatrix>(gaussianCloud(features, 4, 1));
      document.setCurrentLayer(document.addLayer(dictionary));
    };
    add(300);
    QVERIFY(box->isHidden());
    box->setChecked(true);  // nobody sees it
    QCOMPARE(panel.search(), NeighborSearch::Exact);
    box->setChecked(false);
    add(50000);
    QVERIFY(!box->isHidden());
    QCOMPARE(panel.search(), NeighborSearch::Exact);
    box->click();
    QCOMPARE(panel.search(), NeighborSearch::Approximate);
    document.mapJob()->cancel();
  }

  void editsOneChoiceAndShowsWhatCameOfIt()
  {
    Document document;
    MapStudy study(&document);
    MapPanel panel(&document, &study);
    panel.show();
    auto dictionary = std::make_shared<Dictionary>();
    dictionary->name = "planted clusters";
    dictionary->decoder =
        std::make_shared<const FeatureMatrix>(plantedClusters(300, 16, 4, 6.0, 1).decoder);
    document.addLayer(dictionary);
    QTRY_COMPARE(study.shown(), 0);
    QVERIFY(panel.estimate().contains("about"));

    const auto named = [&](auto* type, const char* name) {
      using Widget = std::remove_pointer_t<decltype(type)>;
      for (Widget* widget : panel.findChildren<Widget*>())
        if (widget->accessibleName() == QLatin1String(name))
          return widget;
      return static_cast<Widget*>(nullptr);
    };
    constexpr QComboBox* combo = nullptr;
    constexpr QSpinBox* spin = nullptr;
    constexpr QPushButton* button = nullptr;
    QVERIFY(std::holds_alternative<TsneOptions>(panel.choice()));
    QCOMPARE(std::get<TsneOptions>(panel.choice()).dimensions, 3);
    QVERIFY(!std::get<TsneOptions>(panel.choice()).degreesOfFreedom);
    named(combo, "Kernel")->setCurrentIndex(1);
    QCOMPARE(std::get<TsneOptions>(panel.choice()).degreesOfFreedom.value(), 1);
    named(combo, "Method")->setCurrentIndex(2);
    const auto umap = std::get<UmapOptions>(panel.choice());
    QCOMPARE(umap.neighbors, 15);
    QCOMPARE(umap.start, MapStart::Spectral);
    QVERIFY(!umap.epochs);
    named(spin, "Iterations")->setValue(50);
    named(combo, "Dimensions")->setCurrentIndex(0);
    QCOMPARE(std::get<UmapOptions>(panel.choice()).epochs.value(), 50);

    named(button, "Make map")->click();
    QTRY_COMPARE_WITH_TIMEOUT(static_cast<int>(study.maps().size()), 2, 20000);
    QTRY_VERIFY_WITH_TIMEOUT(study.maps()[1].trust, 20000);
    QTRY_VERIFY(panel.trust().contains("of the 10 nearest neighbours kept"));
    QVERIFY(panel.trust().contains("UMAP in 2 dimensions"));
    QVERIFY(panel.trust().contains("ρ"));
    // The list leads back.
    panel.findChild<QListWidget*>()->setCurrentRow(0);
    QCOMPARE(study.shown(), 0);
    QVERIFY(named(button, "Go on") && !named(button, "Go on")->isEnabled());
    for (const QWidget* widget : panel.findChildren<QWidget*>())
      if (qobject_cast<const QAbstractButton*>(widget) || qobject_cast<const QComboBox*>(widget))
        QVERIFY(!widget->accessibleName().isEmpty() && !widget->toolTip().isEmpty());
  }
};

QTEST_MAIN(tst_MapPanel)
#include "tst_MapPanel.moc"
