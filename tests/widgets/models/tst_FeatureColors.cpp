#include "widgets/models/FeatureColors.h"

#include <QtTest/QTest>

#include <cmath>
#include <limits>
#include <set>

using namespace orrery;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

Dictionary withNumbers(std::vector<double> numbers)
{
  Dictionary dictionary;
  dictionary.decoder = std::make_shared<const FeatureMatrix>(
      FeatureMatrix::Ones(2, static_cast<Eigen::Index>(numbers.size())));
  dictionary.columns.push_back({"x", Column::Kind::Number, std::move(numbers), {}, {}, {}});
  return dictionary;
}

Dictionary withCategories(int categories, int each)
{
  Dictionary dictionary;
  dictionary.decoder =
      std::make_shared<const FeatureMatrix>(FeatureMatrix::Ones(2, categories * each));
  Column column;
  column.name = "x";
  column.kind = Column::Kind::Category;
  for (int i = 0; i < categories * each; ++i)
    column.categories.push_back(i % categories);
  for (int i = 0; i < categories; ++i)
    column.categoryNames.push_back("c" + std::to_string(i));
  dictionary.columns.push_back(std::move(column));
  return dictionary;
}

Appearance by(const char* name)
{
  Appearance appearance;
  appearance.colorBy = name;
  return appearance;
}

}  // namespace

class tst_FeatureColors : public QObject {
  Q_OBJECT
 private slots:
  void palettesRunFromEndToEnd()
  {
    QCOMPARE(paletteColor("viridis", 0), QColor(0x44, 0x01, 0x54));
    QCOMPARE(paletteColor("viridis", 1), QColor(0xFD, 0xE7, 0x25));
    QCOMPARE(paletteColor("cividis", 0), QColor(0x00, 0x22, 0x4E));
    QCOMPARE(paletteColor("viridis", -3), paletteColor("viridis", 0));
    for (const auto& palette : numberPalettes())
      for (double share = 0; share < 1; share += 0.05)  // lightness grows all the way
        QVERIFY(qGray(paletteColor(palette, share + 0.05).rgb()) >=
                qGray(paletteColor(palette, share).rgb()));
  }

  void noTwoCategoriesAreAlike()
  {
    for (const bool dark : {false, true})
      for (int count = 1; count <= maxCategoryColors; ++count) {
        const auto colors = categoryColors(count, dark);
        QCOMPARE(static_cast<int>(colors.size()), count);
        std::set<QRgb> different;
        for (const QColor& color : colors)
          different.insert(color.rgb());
        QCOMPARE(static_cast<int>(different.size()), count);
        QVERIFY(!different.count(missingColor(dark).rgb()));
      }
  }

  void moreCategoriesThanColorsAreSaid()
  {
    const auto result = colorFeatures(withCategories(57, 3), by("x"), false);
    QCOMPARE(result.legend.moreCategories, 37);
    QCOMPARE(result.legend.entries.size(), std::size_t{20});
    QVERIFY(legendNotes(result.legend).join(' ').contains(QStringLiteral("and 37 more")));
  }

  void oneSetOfColorsForAll()
  {
    for (const bool dark : {false, true}) {
      const auto few = colorFeatures(withCategories(3, 2), by("x"), dark);
      const auto many = colorFeatures(withCategories(12, 2), by("x"), dark);
      for (std::size_t i = 0; i < 3; ++i) {
        QCOMPARE(QColor::fromRgba((*few.colors)[i]), categoryColor(static_cast<int>(i), dark));
        QCOMPARE((*many.colors)[i], (*few.colors)[i]);
      }
      QCOMPARE(missingColor(dark), categoryColor(-1, dark));
    }
    QCOMPARE(paletteColor("cividis", 0.3), mapColor(ColorMap::Cividis, 0.3));
  }

  // Forty classes, the odd ones three times as frequent: those of the first twenty keep the colour
  // of their place, the others take what is free, and no colour is given twice.
  void frequentCategoriesKeepTheColorOfTheirPlace()
  {
    Dictionary dictionary = withCategories(40, 2);
    Column& column = dictionary.columns.front();
    for (int i = 1; i < 40; i += 2)
      column.categories.insert(column.categories.end(), 4, i);
    dictionary.decoder = std::make_shared<const FeatureMatrix>(
        FeatureMatrix::Ones(2, static_cast<Eigen::Index>(column.categories.size())));
    const auto result = colorFeatures(dictionary, by("x"), false);
    std::set<QRgb> given;
    for (int i = 1; i < 40; i += 2) {
      const QColor color = QColor::fromRgba((*result.colors)[static_cast<std::size_t>(i)]);
      given.insert(color.rgb());
      if (i < maxCategoryColors)
        QCOMPARE(color, categoryColor(i, false));
      QCOMPARE((*result.colors)[static_cast<std::size_t>(i - 1)], missingColor(false).rgba());
    }
    QCOMPARE(given.size(), std::size_t{20});
    QVERIFY(!given.count(missingColor(false).rgb()));
  }

  void oneColorInLegendAndCloud()
  {
    const auto result = colorFeatures(withCategories(4, 5), by("x"), false);
    for (const auto& entry : result.legend.entries) {
      const int category = entry.name.mid(1).toInt();
      QCOMPARE(QColor::fromRgba((*result.colors)[static_cast<std::size_t>(category)]), entry.color);
      QCOMPARE(entry.count, 5);
    }
  }

  void missingNumbersAreGreyAndCounted()
  {
    const auto result = colorFeatures(withNumbers({0, 1, missing, 2}), by("x"), false);
    QCOMPARE(result.legend.missing, 1);
    QCOMPARE((*result.colors)[2], missingColor(false).rgba());
    QCOMPARE(QColor::fromRgba((*result.colors)[0]), paletteColor("viridis", 0));
  }

  void constantAndAllMissingColumnsWork()
  {
    const auto constant = colorFeatures(withNumbers({3, 3, 3}), by("x"), false);
    QCOMPARE(constant.legend.low, 3.0);
    QCOMPARE((*constant.colors)[0], (*constant.colors)[2]);
    const auto none = colorFeatures(withNumbers({missing, missing}), by("x"), true);
    QCOMPARE(none.legend.missing, 2);
    QCOMPARE((*none.colors)[0], missingColor(true).rgba());
    const auto empty = colorFeatures(withNumbers({}), by("x"), true);
    QVERIFY(empty.colors->empty());
    QVERIFY(!colorFeatures(withNumbers({1}), by("no such column"), false).colors);
  }

  void wideRangesAreLogarithmic()
  {
    std::vector<double> numbers;
    for (int i = 0; i <= 1000; ++i)
      numbers.push_back(std::pow(10.0, i / 100.0));
    const auto result = colorFeatures(withNumbers(numbers), by("x"), false);
    QVERIFY(result.legend.logarithmic);
    QCOMPARE(QColor::fromRgba((*result.colors)[500]), paletteColor("viridis", 128 / 255.0));
  }

  void areaFollowsTheValue()
  {
    Appearance appearance;
    appearance.sizeBy = "x";
    const auto result = colorFeatures(withNumbers({0, 1, 4, missing}), appearance, false);
    QCOMPARE(result.sizes[0], 0.5f);
    QCOMPARE(result.sizes[2], 2.5f);
    QVERIFY(std::abs(result.sizes[1] - 1.5f) < 1e-6f);  // a quarter of the way: half the diameter
    QCOMPARE(result.sizes[3], 0.5f);
  }
};

QTEST_APPLESS_MAIN(tst_FeatureColors)
#include "tst_FeatureColors.moc"
