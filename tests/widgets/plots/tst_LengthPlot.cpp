// Differences against word length: what is planted is drawn, a click and a rectangle select words.
#include "core/base/Random.h"
#include "widgets/plots/LengthPlot.h"
#include "widgets/views/PlanesView.h"

#include <qcustomplot.h>
#include <QTemporaryDir>
#include <QtTest/QTest>

#include <cmath>
#include <fstream>

using namespace orrery;

namespace {

constexpr int timeoutMs = 30000;
constexpr int pairCount = 60;

/// Pairs whose second word is 0 … 5 letters longer, and moves that far along one direction.
std::shared_ptr<const Dictionary> words()
{
  Random random(5);
  constexpr int d = 30;
  FeatureMatrix vectors(d, 2 * pairCount);
  auto dictionary = std::make_shared<Dictionary>();
  dictionary->name = "words";
  for (int i = 0; i < pairCount; ++i) {
    const int letters = i % 6;
    for (int row = 0; row < d; ++row) {
      vectors(row, 2 * i) = static_cast<float>(random.normal());
      vectors(row, 2 * i + 1) =
          vectors(row, 2 * i) + static_cast<float>(0.02 * random.normal() + 0.05 * letters);
    }
    const std::string name = "w" + std::to_string(100 + i);
    dictionary->labels.push_back(name);
    dictionary->labels.push_back(name + std::string(static_cast<std::size_t>(letters), 'x') + "s");
  }
  dictionary->decoder = std::make_shared<const FeatureMatrix>(std::move(vectors));
  return dictionary;
}

}  // namespace

class tst_LengthPlot : public QObject {
  Q_OBJECT

  QTemporaryDir m_folder;
  Document m_document;
  CrystalStudy m_study{&m_document};

 private slots:
  void initTestCase()
  {
    LengthPlot before(&m_document, &m_study);
    QVERIFY(before.isEmpty());
    QVERIFY(before.summary().isEmpty() == false);
    m_document.addLayer(words());
    const std::string path = m_folder.filePath(QStringLiteral("pairs.csv")).toStdString();
    std::ofstream file(path);
    file << "relation,first,second\n";
    const auto& labels = m_document.dictionary()->labels;
    for (std::size_t i = 0; i < labels.size(); i += 2)
      file << "longer," << labels[i] << "," << labels[i + 1] << "\n";
    file.close();
    m_study.loadPairs({path});
    QTRY_COMPARE_WITH_TIMEOUT(m_study.relations().size(), std::size_t(1), timeoutMs);
    m_study.relateToLength();
    QTRY_VERIFY_WITH_TIMEOUT(m_study.lengthStudy(), timeoutMs);
  }

  void whatIsPlantedIsDrawn()
  {
    const LengthRelation& relation = m_study.lengthStudy()->relation;
    QCOMPARE(relation.pairs.size(), std::size_t(pairCount));
    QCOMPARE(m_study.lengthStudy()->classes.size(), std::size_t(pairCount));
    QVERIFY(relation.correlation > 0.9);
    QCOMPARE(relation.means.size(), std::size_t(6));
    for (std::size_t i = 0; i < relation.pairs.size(); ++i)
      QVERIFY(std::abs(lengthPoint(relation, i).x() - relation.lengthDifference[i]) <=
              lengthJitter + 1e-9);
    LengthPlot plot(&m_document, &m_study);
    QVERIFY(!plot.isEmpty());
    QVERIFY(plot.summary().contains(QStringLiteral("60 word pairs")));
    const QByteArray svg = plotFigureBytes(plot.figure(), ".svg");
    QVERIFY(svg.contains("line through the means"));
    QVERIFY(svg.contains("Characters of the second word minus the first"));
    QVERIFY(!svg.contains("<image"));
    QCOMPARE(plot.table()->arrays.size(), std::size_t(7));
  }

  void clickAndRectangleSelect()
  {
    LengthPlot plot(&m_document, &m_study);
    plot.resize(640, 420);
    plot.show();
    QVERIFY(QTest::qWaitForWindowExposed(&plot));
    plot.plot()->replot();
    const auto& relation = m_study.lengthStudy()->relation;
    const auto pixel = [&](std::size_t i) {
      const QPointF at = lengthPoint(relation, i);
      return QPoint(static_cast<int>(plot.plot()->xAxis->coordToPixel(at.x())),
                    static_cast<int>(plot.plot()->yAxis->coordToPixel(at.y())));
    };
    const int hit = plot.pairAt(pixel(17));
    QVERIFY(hit >= 0);
    QTest::mouseClick(plot.plot(), Qt::LeftButton, {}, pixel(17));
    const auto& pair = relation.pairs[static_cast<std::size_t>(hit)];
    const std::vector<FeatureId> expected = {std::min(pair.first, pair.second),
                                             std::max(pair.first, pair.second)};
    QCOMPARE(m_document.selection()->features(), expected);
    plot.plot()->replot();  // composed anew for the selection, laid out when it is painted
    // All of one length: a sixth of the pairs, two words each.
    const double left = plot.plot()->xAxis->coordToPixel(2.5);
    const double right = plot.plot()->xAxis->coordToPixel(3.5);
    plot.selectIn(QRectF(left, 0, right - left, plot.height()));
    QCOMPARE(m_document.selection()->features().size(), std::size_t(2 * 10));
    QCOMPARE(plot.pairAt({-100, -100}), -1);
    // The mouse draws the same rectangle.
    m_document.selection()->setFeatures({});
    plot.plot()->replot();
    const int top = plot.plot()->axisRect()->top() + 2;
    const int bottom = plot.plot()->axisRect()->bottom() - 2;
    const auto send = [&](QEvent::Type type, Qt::MouseButton button, const QPointF& at) {
      QMouseEvent event(type, at, plot.plot()->mapToGlobal(at), button,
                        type == QEvent::MouseButtonRelease ? Qt::NoButton : Qt::LeftButton,
                        Qt::NoModifier);
      QCoreApplication::sendEvent(plot.plot(), &event);
    };
    send(QEvent::MouseButtonPress, Qt::LeftButton, QPointF(left, top));
    send(QEvent::MouseMove, Qt::NoButton, QPointF((left + right) / 2, bottom - 20));
    send(QEvent::MouseMove, Qt::NoButton, QPointF(right, bottom));
    send(QEvent::MouseButtonRelease, Qt::LeftButton, QPointF(right, bottom));
    QCOMPARE(m_document.selection()->features().size(), std::size_t(2 * 10));
  }

  // Few classes have a colour: the others are grey, and the legend says how many they are.
  void planesColourTheMostSeparated()
  {
    QCOMPARE(mostSeparated({0.1, 0.9, 0.5}, 2), (std::vector<std::int32_t>{1, 2}));
    PlanesPicture picture;
    picture.name = QStringLiteral("Differences");
    PlanePane pane{QStringLiteral("Plane"), Eigen::Matrix2Xd::Random(2, 30), QStringLiteral("x"),
                   QStringLiteral("y")};
    pane.points.col(0) = Eigen::Vector2d(50, 50);  // grey, and far away
    for (int i = 0; i < 30; ++i)
      picture.classes.push_back(i % 3);
    picture.panes = {pane};
    picture.classNames = {QStringLiteral("first"), QStringLiteral("second"),
                          QStringLiteral("third")};
    PlanesView view;
    view.setPictures({picture}, {0.1, 0.9, 0.5});
    QCOMPARE(view.shown()->chosen, (std::vector<std::int32_t>{1, 2, 0}));
    view.chooseClasses({2});
    QCOMPARE(view.shown()->chosen, std::vector<std::int32_t>{2});
    const QByteArray svg = drawingBytes(planesFigure(*view.shown()), ".svg");
    QVERIFY(svg.contains(">third<") && !svg.contains(">first<"));
    QVERIFY(svg.contains(">2 others<"));
    QVERIFY(svg.contains("lie outside"));
    // A picture of the same classes keeps the choice.
    view.setPictures({picture}, {0.1, 0.9, 0.5});
    QCOMPARE(view.shown()->chosen, std::vector<std::int32_t>{2});
    picture.classNames.back() = QStringLiteral("other");
    view.setPictures({picture}, {0.1, 0.9, 0.5});
    QCOMPARE(view.shown()->chosen.size(), std::size_t(3));
  }
};

QTEST_MAIN(tst_LengthPlot)
#include "tst_LengthPlot.moc"
