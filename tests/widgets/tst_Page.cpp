// Pages of figures: size, units, what the three forms hold, and what is refused before it is drawn.
#include "core/base/Error.h"
#include "tests/support/ExpectError.h"
#include "tests/support/TemporaryFolder.h"
#include "widgets/figure/Page.h"

#include <QImage>
#include <QPainter>
#include <QtTest/QTest>

#include <cmath>
#include <limits>

using namespace orrery;

namespace {

/// A square of ten millimetres in the upper left corner, and a word.
void paintSquare(QPainter& painter, const Page& page)
{
  painter.fillRect(QRectF(0, 0, 10 * page.unitsPerMm(), 10 * page.unitsPerMm()), Qt::red);
  painter.setFont(page.font(7));
  painter.drawText(QPointF(0, 20 * page.unitsPerMm()), QStringLiteral("square"));
}

QByteArray bytesOf(const Page& page, const std::string& ending)
{
  return pageBytes(page, ending, [&](QPainter& painter) { paintSquare(painter, page); });
}

Page somePage()
{
  Page page;
  page.widthMm = 50.8;
  page.heightMm = 25.4;
  page.dpi = 254;
  page.title = QStringLiteral("A square");
  page.description = QStringLiteral("It is red.");
  page.metadata[QStringLiteral("key")] = QStringLiteral("value");
  return page;
}

}  // namespace

class tst_Page : public QObject {
  Q_OBJECT
 private slots:
  void millimetresAreMillimetres_data()
  {
    QTest::addColumn<int>("units");
    QTest::newRow("half points") << 2;
    QTest::newRow("twentieths") << 20;
  }
  void millimetresAreMillimetres()
  {
    QFETCH(int, units);
    Page page = somePage();
    page.unitsPerPoint = units;
    const QImage image = QImage::fromData(bytesOf(page, ".png"));
    QCOMPARE(image.size(), QSize(508, 254));
    QCOMPARE(image.dotsPerMeterX(), 10000);
    QCOMPARE(image.pixelColor(97, 97), QColor(Qt::red));  // 10 mm are 100 pixels
    QCOMPARE(image.pixelColor(103, 50), QColor(Qt::white));
    QVERIFY(!image.hasAlphaChannel());
    QCOMPARE(image.text(QStringLiteral("Description")), QStringLiteral("It is red."));
    QCOMPARE(image.text(QStringLiteral("key")), QStringLiteral("value"));
    const QByteArray svg = bytesOf(page, ".svg");
    QVERIFY2(svg.contains("width=\"50.8mm\" height=\"25.4mm\""), svg.left(300).constData());
    QVERIFY(svg.contains(">square<") && svg.contains("A square"));
    QVERIFY(!svg.contains("<image"));
    const QByteArray pdf = bytesOf(page, ".pdf");
    QVERIFY(pdf.startsWith("%PDF"));
    QVERIFY2(pdf.contains("/MediaBox [0 0 144"), "50.8 mm are 144 points");
    QVERIFY(pdf.contains("/FontDescriptor"));
  }

  void transparentWhereAsked()
  {
    Page page = somePage();
    page.background = Qt::transparent;
    const QImage image = QImage::fromData(bytesOf(page, ".png"));
    QCOMPARE(image.pixelColor(300, 50).alpha(), 0);
    QCOMPARE(image.pixelColor(50, 50), QColor(Qt::red));
  }

  void refusesWhatCannotBe()
  {
    for (const double bad :
         {0.0, -3.0, 5001.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
      Page page = somePage();
      page.widthMm = bad;
      ORRERY_EXPECT_ERROR(bytesOf(page, ".svg"), "5000 mm");
      page = somePage();
      page.heightMm = bad;
      ORRERY_EXPECT_ERROR(bytesOf(page, ".pdf"), "5000 mm");
      page = somePage();
      page.dpi = bad;
      ORRERY_EXPECT_ERROR(bytesOf(page, ".png"), "10 to 4800");
    }
    Page page = somePage();
    page.widthMm = page.heightMm = 2000;
    page.dpi = 1200;
    ORRERY_EXPECT_ERROR(bytesOf(page, ".png"), "8.93 gigapixels");
    ORRERY_EXPECT_ERROR(bytesOf(somePage(), ".bmp"), ".bmp");
    const test::TemporaryFolder folder;
    ORRERY_EXPECT_ERROR(checkPageFile(folder.path() / "square.gif"), ".gif");
    ORRERY_EXPECT_ERROR(checkPageFile(folder.path() / "no" / "square.png"), "square.png");
  }

  // What throws while it paints leaves neither a file nor a painter that is still at work.
  void paintingMayFail()
  {
    const test::TemporaryFolder folder;
    for (const char* name : {"square.png", "square.svg", "square.pdf"}) {
      ORRERY_EXPECT_ERROR(
          writePage(somePage(), folder.path() / name, [](QPainter&) { throw Error("no ink"); }),
          "no ink");
      QVERIFY(!std::filesystem::exists(folder.path() / name));
    }
    writePage(somePage(), folder.path() / "square.PNG",
              [](QPainter& painter) { paintSquare(painter, somePage()); });
    QVERIFY(std::filesystem::file_size(folder.path() / "square.PNG") > 100);
  }
};

QTEST_MAIN(tst_Page)
#include "tst_Page.moc"
