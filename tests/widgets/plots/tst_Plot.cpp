#include "core/base/Error.h"
#include "tests/support/TemporaryFolder.h"
#include "widgets/panels/Theme.h"
#include "widgets/plots/PlotWidget.h"
#include "widgets/vtk/Palette.h"

#include <qcustomplot.h>
#include <QImage>
#include <QtTest/QTest>

using namespace orrery;

namespace {

void drawLine(QCustomPlot& plot, const DrawingStyle& style)
{
  plot.xAxis->setLabel(QStringLiteral("Rank of the axis"));
  plot.xAxis->setRange(1, 100);
  plot.yAxis->setRange(0, 10);
  setLogarithmic(*plot.xAxis, style);
  QCPGraph* graph = plot.addGraph();
  graph->setPen(QPen(style.series(0), style.lineWidth));
  graph->setData({1, 10, 100}, {1, 5, 9});
}

PlotFigure lineFigure()
{
  PlotFigure figure;
  figure.drawing = drawLine;
  figure.title = QStringLiteral("A line");
  figure.caption = QStringLiteral("One line over three ranks.");
  return figure;
}

}  // namespace

class tst_Plot : public QObject {
  Q_OBJECT
 private slots:
  // Text stays text, and the line is a path: nothing is a picture.
  void svgHoldsTextAndPaths()
  {
    const QByteArray svg = plotFigureBytes(lineFigure(), ".svg");
    QVERIFY(svg.contains("Rank of the axis"));
    QVERIFY(svg.contains("One line over three ranks."));
    QVERIFY(svg.contains("<path") || svg.contains("<polyline"));
    QVERIFY(!svg.contains("<image"));
    QVERIFY2(svg.contains("width=\"85.0"), svg.left(400).constData());
  }

  void pdfHoldsFonts()
  {
    const QByteArray pdf = plotFigureBytes(lineFigure(), ".pdf");
    QVERIFY(pdf.startsWith("%PDF"));
    QVERIFY(pdf.contains("/FontDescriptor"));
    QVERIFY(!pdf.contains("/Subtype /Image"));
  }

  void pngHasItsSizeAndInk()
  {
    PlotFigure figure = lineFigure();
    figure.dpi = 254;
    const QImage image = QImage::fromData(plotFigureBytes(figure, ".png"));
    QCOMPARE(image.size(), QSize(850, 600));
    QCOMPARE(image.dotsPerMeterX(), 10000);
    int inked = 0;
    for (int x = 0; x < image.width(); ++x)
      for (int y = 0; y < image.height(); ++y)
        inked += colorDistance(image.pixelColor(x, y), DrawingStyle::ofPage().series(0)) < 5;
    QVERIFY2(inked > 500, qPrintable(QString::number(inked)));
  }

  void writesWholeOrNotAtAll()
  {
    const test::TemporaryFolder folder;
    writePlotFigure(lineFigure(), folder.path() / "line.pdf");
    QVERIFY(std::filesystem::file_size(folder.path() / "line.pdf") > 1000);
    QVERIFY_EXCEPTION_THROWN(writePlotFigure(lineFigure(), folder.path() / "line.gif"), Error);
    QVERIFY(!std::filesystem::exists(folder.path() / "line.gif"));
    PlotFigure flat = lineFigure();
    flat.heightMm = 0;
    QVERIFY_EXCEPTION_THROWN(plotFigureBytes(flat, ".svg"), Error);
  }

  void followsTheTheme()
  {
    PlotWidget widget(QStringLiteral("A line"));
    widget.setDrawing(drawLine);
    widget.resize(300, 200);
    for (const QPalette& palette : {lightPalette(), darkPalette()}) {
      widget.setPalette(palette);
      const QImage image = widget.grab().toImage();
      const QColor ground = palette.color(QPalette::Base);
      QVERIFY(colorDistance(image.pixelColor(2, 2), ground) < 2);
      QVERIFY(contrastRatio(widget.drawingStyle().series(0), ground) >= 3.0);
      QVERIFY(contrastRatio(widget.drawingStyle().foreground, ground) >= 4.5);
    }
  }

  // A drawing composed twice is the same as once: nothing of the first is left.
  void composesAnew()
  {
    QCustomPlot plot;
    composePlot(plot, DrawingStyle::ofPage(), drawLine);
    composePlot(plot, DrawingStyle::ofPage(), drawLine);
    QCOMPARE(plot.graphCount(), 1);
    QCOMPARE(plot.axisRectCount(), 1);
  }

  void saysWhatItIs()
  {
    PlotWidget widget(QStringLiteral("A line"));
    widget.setSummary(QStringLiteral("It rises."));
    QCOMPARE(widget.accessibleName(), QStringLiteral("A line"));
    QCOMPARE(widget.plot()->accessibleDescription(), QStringLiteral("It rises."));
    QCOMPARE(widget.figure().caption, QStringLiteral("It rises."));
  }
};

QTEST_MAIN(tst_Plot)
#include "tst_Plot.moc"
