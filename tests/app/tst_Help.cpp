// Help pages, the page of keys, and the dialog that changes keys.
#include "app/CommandLine.h"
#include "app/HelpDialogs.h"
#include "app/KeyDialog.h"
#include "app/Settings.h"
#include "tests/support/Paths.h"

#include <QDialogButtonBox>
#include <QDir>
#include <QFile>
#include <QMainWindow>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QtTest/QTest>

using namespace orrery;

namespace {

QString helpFile(const QString& page)
{
  return QString::fromStdString(test::sourceFolder()) + "/resources/help/" + page + ".md";
}

QString textOf(const QString& path)
{
  QFile file(path);
  return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

/// A window with nothing but the actions.
struct Bench {
  QMainWindow window;
  ActionTable actions{&window};

  [[nodiscard]] QList<QKeySequence> keys(const char* id) const
  {
    return actions.action(id)->shortcuts();
  }
};

}  // namespace

class tst_Help : public QObject {
  Q_OBJECT
 private:
  QTemporaryDir m_folder;

 private slots:
  void initTestCase() { applyTheme(ThemeChoice::Light); }

  // Every page is there, has a heading, and leads only to pages that are there.
  void pagesHangTogether()
  {
    Bench bench;
    HelpDialog help(bench.actions);
    const QRegularExpression link(QStringLiteral("\\]\\(([^)]*)\\)"));
    for (const QString& page : HelpDialog::pages()) {
      help.showPage(page);
      QCOMPARE(help.page(), page);
      QVERIFY2(help.text()->toPlainText().size() > 400, qPrintable(page));
      const QString source = textOf(helpFile(page));
      QVERIFY2(source.startsWith("# "), qPrintable(page));
      for (auto links = link.globalMatch(source); links.hasNext();) {
        const QString target = links.next().captured(1);
        QVERIFY2(target.endsWith(".md") && HelpDialog::pages().contains(target.chopped(3)),
                 qPrintable(page + ": " + target));
      }
      for (const QString& line : source.split('\n'))
        QVERIFY2(line.size() <= 110 || line.startsWith('|'), qPrintable(page + ": " + line));
    }
    help.showPage("start");
    emit help.text()->anchorClicked(QUrl("maps.md"));
    QCOMPARE(help.page(), QString("maps"));
    emit help.text()->anchorClicked(QUrl("https://example.org/"));
    emit help.text()->anchorClicked(QUrl("file:///etc/passwd"));
    QCOMPARE(help.page(), QString("maps"));
  }

  // What the pages say of commands is so: each is named, and every option that is named is there.
  void commandLinePageIsTrue()
  {
    const QString page = textOf(helpFile("commands")) + textOf(helpFile("figures"));
    for (const Command& command : commands())
      QVERIFY2(
          page.contains("`orrery " + QString::fromUtf8(command.spec.name.data(),
                                                       static_cast<int>(command.spec.name.size()))),
          command.spec.name.data());
    QString known;
    for (const Command& command : commands())
      known += QString::fromStdString(helpText(command.spec));
    const QRegularExpression option(QStringLiteral("--[a-z][a-z-]*"));
    for (auto options = option.globalMatch(page); options.hasNext();) {
      const QString name = options.next().captured();
      QVERIFY2(known.contains(name), qPrintable(name));
    }
  }

  // The documentation's page of keys is what the table makes. Where it differs the right one is
  // written beside the test's pictures, to be copied.
  void keysPageIsGenerated()
  {
    const QString wanted = keysPage();
    if (textOf(helpFile("keys")) != wanted) {
      const QString folder = QString::fromStdString(test::programFolder()) + "/../tests/help";
      QDir().mkpath(folder);
      QFile file(folder + "/keys.md");
      QVERIFY(file.open(QIODevice::WriteOnly));
      file.write(wanted.toUtf8());
      QFAIL(qPrintable("resources/help/keys.md is not what the table of actions makes; copy " +
                       file.fileName()));
    }
    for (const ActionSpec& spec : actionSpecs())
      for (const QKeySequence& key : defaultKeys(spec))
        QVERIFY(wanted.contains("`" + key.toString(QKeySequence::PortableText) + "`"));
    Bench bench;
    bench.actions.setKeys({{"select.lasso", {QKeySequence("Ctrl+Alt+L")}}});
    QVERIFY(keysPage(&bench.actions).contains("`Ctrl+Alt+L` | Lasso"));
  }

  void keysAreChanged()
  {
    Bench bench;
    KeyDialog dialog(bench.actions);
    QVERIFY(dialog.chosen().empty());
    dialog.choose("select.lasso");
    dialog.enter(QKeySequence("Ctrl+Alt+L"));
    QVERIFY(dialog.problem().isEmpty());
    dialog.useButton()->click();
    QCOMPARE(dialog.chosen(), (ChosenKeys{{"select.lasso", {QKeySequence("Ctrl+Alt+L")}}}));
    // Nothing has changed before OK.
    QCOMPARE(bench.keys("select.lasso"), QList{QKeySequence("L")});
    bench.actions.setKeys(dialog.chosen());
    QCOMPARE(bench.keys("select.lasso"), QList{QKeySequence("Ctrl+Alt+L")});
    QVERIFY(bench.actions.action("select.lasso")->toolTip().contains("Ctrl+Alt+L"));
    dialog.resetButton()->click();
    QVERIFY(dialog.chosen().empty());
  }

  // A key has one owner: whoever takes it is told from whom, and that one goes without.
  void conflictsAreNamed()
  {
    Bench bench;
    KeyDialog dialog(bench.actions);
    dialog.choose("select.brush");
    dialog.enter(QKeySequence("L"));
    QVERIFY2(dialog.problem().contains("“Lasso”"), qPrintable(dialog.problem()));
    QVERIFY(dialog.useButton()->isEnabled());
    QVERIFY(dialog.useButton()->text().contains("Take"));
    QVERIFY(dialog.chosen().empty());
    dialog.useButton()->click();
    QCOMPARE(dialog.chosen(),
             (ChosenKeys{{"select.brush", {QKeySequence("L")}}, {"select.lasso", {}}}));
    // Back to the table's: of what the other one has now, that is said first.
    dialog.choose("select.lasso");
    dialog.resetButton()->click();
    QVERIFY2(dialog.problem().contains("“Brush”"), qPrintable(dialog.problem()));
    dialog.useButton()->click();
    QCOMPARE(dialog.chosen(), (ChosenKeys{{"select.brush", {}}}));
    dialog.resetAllButton()->click();
    QVERIFY(dialog.chosen().empty());
  }

  void someKeysAreNeededElsewhere()
  {
    Bench bench;
    KeyDialog dialog(bench.actions);
    dialog.choose("select.lasso");
    for (const char* key : {"Esc", "Tab", "Shift+Tab", "Return", "Space", "Left"}) {
      dialog.enter(QKeySequence(key));
      QVERIFY2(!dialog.useButton()->isEnabled(), key);
      QVERIFY2(!dialog.problem().isEmpty(), key);
    }
    dialog.enter(QKeySequence("Ctrl+Left"));
    QVERIFY(dialog.useButton()->isEnabled());
    // One key, not a sequence of several.
    dialog.enter(QKeySequence("Ctrl+K, Ctrl+L"));
    dialog.useButton()->click();
    QCOMPARE(dialog.chosen().at("select.lasso"), QList{QKeySequence("Ctrl+K")});
    // And Tab leaves the field.
    auto* field = dialog.findChild<QKeySequenceEdit*>();
    dialog.show();
    QVERIFY(QTest::qWaitForWindowActive(&dialog));
    dialog.choose("select.brush");
    field->setFocus();
    QTest::keyClick(field, Qt::Key_Tab);
    QVERIFY(!field->hasFocus());
    QVERIFY(field->keySequence().isEmpty());
  }

  void keysAreKept()
  {
    const QString file = m_folder.filePath("keys.ini");
    const ChosenKeys chosen{{"select.lasso", {QKeySequence("Ctrl+Alt+L"), QKeySequence("F9")}},
                            {"select.brush", {}}};
    {
      Settings settings(file);
      settings.setKeys({{"select.polygon", {QKeySequence("F8")}}});
      settings.setKeys(chosen);
    }
    QCOMPARE(Settings(file).keys(), chosen);
    Bench bench;
    bench.actions.setKeys(Settings(file).keys());
    QCOMPARE(bench.keys("select.lasso").size(), 2);
    QVERIFY(bench.keys("select.brush").isEmpty());
    QCOMPARE(bench.keys("select.polygon"), QList{QKeySequence("P")});
  }

  // Settings are a file like any other.
  void strangeKeysDoNoHarm()
  {
    const QString file = m_folder.filePath("strange.ini");
    {
      QFile stream(file);
      QVERIFY(stream.open(QIODevice::WriteOnly));
      stream.write(
          "[keys]\nselect.lasso=complete nonsense\nno.such=Ctrl+J\nselect.brush=P\n"
          "select.all=@Invalid()\nview.top=\"Ctrl+K, Ctrl+L, Ctrl+M\"\n");
    }
    Bench bench;
    bench.actions.setKeys(Settings(file).keys());
    QCOMPARE(bench.keys("select.lasso"), QList{QKeySequence("L")});
    QCOMPARE(bench.keys("view.top"), QList{QKeySequence("7")});
    // One key, one command: P is the polygon's, which stands before the brush in the table.
    QCOMPARE(bench.keys("select.polygon"), QList{QKeySequence("P")});
    QVERIFY(bench.keys("select.brush").isEmpty());
  }
};

QTEST_MAIN(tst_Help)
#include "tst_Help.moc"
