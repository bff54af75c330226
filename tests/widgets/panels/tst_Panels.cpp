// Panels by themselves: theme, messages, jobs, the Open dialog, the inspector.
#include "core/io/DictionaryFile.h"
#include "core/synthetic/SyntheticDictionary.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/support/TestData.h"
#include "widgets/panels/InspectorPanel.h"
#include "widgets/panels/JobBar.h"
#include "widgets/panels/MessageBar.h"
#include "widgets/panels/OpenDialog.h"
#include "widgets/panels/Theme.h"
#include "widgets/vtk/Palette.h"

#include <QApplication>
#include <QDir>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTextEdit>
#include <QtTest/QTest>

#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace orrery;
using orrery::test::TemporaryFolder;

class tst_Panels : public QObject {
  Q_OBJECT
 private slots:
  void textIsReadableInBothThemes()
  {
    for (const QPalette& palette : {lightPalette(), darkPalette()}) {
      const auto color = [&](QPalette::ColorRole role) { return palette.color(role); };
      for (const auto ground : {QPalette::Window, QPalette::Base, QPalette::AlternateBase}) {
        QVERIFY(contrastRatio(color(QPalette::Text), color(ground)) >= 4.5);
        QVERIFY(contrastRatio(color(QPalette::PlaceholderText), color(ground)) >= 4.5);
        QVERIFY(contrastRatio(color(QPalette::Link), color(ground)) >= 4.5);
      }
      QVERIFY(contrastRatio(color(QPalette::ButtonText), color(QPalette::Button)) >= 4.5);
      QVERIFY(contrastRatio(color(QPalette::HighlightedText), color(QPalette::Highlight)) >= 4.5);
      QVERIFY(contrastRatio(color(QPalette::ToolTipText), color(QPalette::ToolTipBase)) >= 4.5);
    }
    QVERIFY(isDark(darkPalette()));
    QVERIFY(!isDark(lightPalette()));
    QCOMPARE(qRound(contrastRatio(Qt::black, Qt::white)), 21);
  }

  void everyIconDraws()
  {
    applyTheme(ThemeChoice::Light);
    int count = 0;
    for (const QString& file : QDir(QStringLiteral(":/icons")).entryList()) {
      const QString name = QString(file).remove(QStringLiteral(".svg"));
      const QImage image = icon(name).pixmap(QSize(24, 24), 2.0).toImage();
      QCOMPARE(image.size(), QSize(48, 48));
      int drawn = 0;
      for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x)
          drawn += qAlpha(image.pixel(x, y)) > 128;
      QVERIFY2(drawn > 30, qPrintable(name));
      ++count;
    }
    QVERIFY(count > 30);
  }

  void messagesWaitTheirTurn()
  {
    MessageBar bar;
    bar.add({Message::Kind::Failure, QStringLiteral("<b>first</b>"), {}, {}, false});
    bar.add({Message::Kind::Warning, QStringLiteral("second"), QStringLiteral("more"), {}, false});
    QCOMPARE(bar.text(), QStringLiteral("<b>first</b>"));
    for (const QLabel* label : bar.findChildren<QLabel*>())
      QVERIFY(label->textFormat() == Qt::PlainText || label->text().isEmpty());
    bar.closeMessage();
    QCOMPARE(bar.text(), QStringLiteral("second"));
    bar.closeMessage();
    QVERIFY(!bar.isVisible());
    bar.closeMessage();  // nothing left: nothing happens
  }

  void remainingTimeIsRounded()
  {
    QCOMPARE(remainingText(-1), QString());
    QCOMPARE(remainingText(40.4), QStringLiteral("about 40 s left"));
    QCOMPARE(remainingText(180), QStringLiteral("about 3 min left"));
    QCOMPARE(remainingText(7300), QStringLiteral("about 2 h left"));
  }

  void jobBarShowsAndStops()
  {
    JobRunner runner;
    JobBar bar({&runner});
    bar.show();
    runner.start(
        QStringLiteral("Long work"),
        [](const Progress& progress) {
          const Progress stage = progress.stage("sweeping", 0, 1);
          for (int i = 0;; ++i) {
            stage.update(std::min(i, 500), 1000);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
          }
          return 0;
        },
        [](int) {});
    QTRY_VERIFY(bar.text().contains(QStringLiteral("sweeping")));
    QTRY_VERIFY(bar.text().contains(QLatin1Char('%')));
    QTest::mouseClick(bar.findChild<QToolButton*>(), Qt::LeftButton);
    QVERIFY(!runner.isRunning());
    QTRY_VERIFY(!bar.isVisible());
    QVERIFY(waitForJobThreads(1000));
  }

  void openDialogSaysWhy_data()
  {
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("expected");
    QTest::newRow("npy") << "formats/same_500x300/f32.npy"
                         << "500 features × 300 dimensions, because";
    QTest::newRow("npz") << "sae/pasttense_L4_final_K10.npz"
                         << "512 features × 256 dimensions, because";
  }
  void openDialogSaysWhy()
  {
    QFETCH(QString, file);
    QFETCH(QString, expected);
    ORRERY_NEED_DATA(file.toStdString());
    OpenDialog dialog(dataPath);
    QTRY_VERIFY_WITH_TIMEOUT(!dialog.isInspecting(), 10000);
    QVERIFY2(dialog.explanation().contains(expected), qPrintable(dialog.explanation()));
    QCOMPARE(dialog.requests().size(), std::size_t{1});
  }

  void openDialogTurns()
  {
    ORRERY_NEED_DATA("formats/same_500x300/f32.npy");
    OpenDialog dialog(dataPath);
    QTRY_VERIFY_WITH_TIMEOUT(!dialog.isInspecting(), 10000);
    for (QCheckBox* box : dialog.findChildren<QCheckBox*>())
      box->setChecked(true);
    QVERIFY(dialog.explanation().contains(QStringLiteral("300 features × 500 dimensions")));
    QVERIFY(dialog.requests().front().options.transpose);
  }

  void openDialogLeavesAmbiguityToTheUser()
  {
    ORRERY_NEED_DATA("sae/pasttense_L4_saes.h5");
    OpenDialog dialog(dataPath);
    QTRY_VERIFY_WITH_TIMEOUT(!dialog.isInspecting(), 20000);
    auto* arrays = dialog.findChild<QTreeWidget*>();
    QVERIFY(arrays->topLevelItemCount() > 6);
    arrays->clearSelection();
    int chosen = 0;
    for (int i = 0; i < arrays->topLevelItemCount(); ++i)
      if (arrays->topLevelItem(i)->text(0).endsWith(QStringLiteral("W_dec")) && chosen < 2) {
        arrays->topLevelItem(i)->setSelected(true);
        ++chosen;
      }
    QCOMPARE(dialog.requests().size(), std::size_t{2});
    QVERIFY(dialog.requests().front().options.dataset->ends_with("W_dec"));
  }

  void openDialogAsksForTheShapeOfRawNumbers()
  {
    const TemporaryFolder folder;
    std::vector<float> numbers(600);
    std::iota(numbers.begin(), numbers.end(), 1.0f);
    OpenDialog dialog(
        folder.write("raw.bytes", std::string(reinterpret_cast<const char*>(numbers.data()),
                                              sizeof(float) * numbers.size())));
    QTRY_VERIFY_WITH_TIMEOUT(!dialog.isInspecting(), 10000);
    QVERIFY(dialog.requests().empty());
    const auto sides = dialog.findChildren<QSpinBox*>();
    QCOMPARE(sides.size(), 2);
    QVERIFY(sides[0]->isVisibleTo(&dialog));
    const auto type = [&](int features, int dimensions) {
      for (QSpinBox* side : sides) {
        side->setValue(side->accessibleName() == QStringLiteral("Features") ? features
                                                                            : dimensions);
        QMetaObject::invokeMethod(side, "editingFinished");
      }
    };
    type(150, 5);
    QTRY_VERIFY_WITH_TIMEOUT(!dialog.isInspecting(), 10000);
    QVERIFY(dialog.requests().empty());
    type(150, 4);
    QTRY_VERIFY_WITH_TIMEOUT(!dialog.isInspecting(), 10000);
    QVERIFY2(dialog.explanation().contains(QStringLiteral("150 features × 4 dimensions")),
             qPrintable(dialog.explanation()));
    QCOMPARE(dialog.requests().size(), std::size_t{1});
    const OpenRequest request = dialog.requests().front();
    QCOMPARE(request.options.shape, std::optional(std::pair<std::int64_t, std::int64_t>(150, 4)));
    const Dictionary read = readDictionary(request.path, request.options);
    QVERIFY(*read.decoder == Eigen::Map<const Eigen::MatrixXf>(numbers.data(), 4, 150));
  }

  void openDialogRefusesInASentence()
  {
    OpenDialog dialog(std::filesystem::path("/no/such/file.npy"));
    QTRY_VERIFY_WITH_TIMEOUT(!dialog.isInspecting(), 10000);
    QVERIFY(dialog.explanation().contains(QStringLiteral("file.npy")));
    QVERIFY(dialog.requests().empty());
  }

  void inspectorShowsAllThatIsKnown()
  {
    auto dictionary = std::make_shared<Dictionary>();
    dictionary->name = "d";
    dictionary->decoder = std::make_shared<const FeatureMatrix>(gaussianCloud(30, 5, 1));
    dictionary->labels.assign(30, "plain");
    dictionary->labels[4] = "<i>four</i>";
    FeatureDetails details;
    details.explanations = {"<i>four</i>", "another <b>one</b>"};
    details.contexts = {{{"the", " cat", " sat"}, {0.0f, 3.5f, 1.0f}}};
    details.positiveLogits = {{" dog", 1.25f}};
    dictionary->details[4] = details;
    Document document;
    InspectorPanel inspector(&document);
    document.addLayer(dictionary);
    document.selection()->setFeatures({4});
    QCOMPARE(inspector.feature(), 4);
    QCOMPARE(inspector.labelShown(), QStringLiteral("<i>four</i>"));
    const QString text = inspector.findChild<QTextEdit*>()->toPlainText();
    for (const char* part : {"another <b>one</b>", "the cat sat", "dog 1.25", "norm"})
      QVERIFY2(text.contains(QLatin1String(part)), qPrintable(text));
    QTRY_COMPARE(inspector.neighbors()->model()->rowCount(), 20);
    // Hovering shows in passing, only while nothing is selected.
    document.selection()->setHovered(7);
    QTest::qWait(100);
    QCOMPARE(inspector.feature(), 4);
    document.selection()->setFeatures({});
    QTRY_COMPARE(inspector.feature(), 7);
  }
};

QTEST_MAIN(tst_Panels)
#include "tst_Panels.moc"
