#include "app/ActionTable.h"

#include "widgets/panels/Theme.h"

#include <QApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QWidget>

#include <algorithm>
#include <iterator>

namespace orrery {
namespace {

using Needs = ActionNeeds;
using Group = ActionGroup;

constexpr ActionSpec specs[] = {
    // id, group, text, tool tip, icon, shortcut, needs, checkable, on the tool bar, separator
    {"file.open", Group::File, "&Open…", "Open a dictionary, or labels for the current one", "open",
     "Ctrl+O", Needs::Nothing, false, true},
    {"file.demo", Group::File, "Open the &demo",
     "Make a synthetic dictionary with planted structure: no data needed", "demo", ""},
    {"file.openSession", Group::File, "Open s&ession…",
     "Go on where a session was saved, or from a figure that was exported as PNG", "open",
     "Ctrl+Shift+O"},
    {"file.saveSession", Group::File, "Save sess&ion",
     "Keep layers, maps, selections, notes, colours and cameras in a file", "save", "Ctrl+S",
     Needs::Dictionary},
    {"file.saveSessionAs", Group::File, "Save session &as…", "Keep the session in another file",
     "save", "", Needs::Dictionary},
    {"file.labels", Group::File, "Attach &labels…",
     "Read labels, explanations or per-feature numbers for the current dictionary", "labels", "",
     Needs::Dictionary},
    {"file.reread", Group::File, "&How it is read…",
     "Choose another array of this file, or turn rows and columns", "transpose", "",
     Needs::Dictionary},
    {"file.close", Group::File, "&Close layer", "Close the layer that is shown", "close", "Ctrl+W",
     Needs::Dictionary},
    {"file.saveTable", Group::File, "Save &table…",
     "Save the listed features with ids, labels and columns", "save", "", Needs::Dictionary, false,
     false, true},
    {"file.saveSelection", Group::File, "Save &selection…",
     "Save the selected features with ids, labels and columns", "save", "Ctrl+Shift+S",
     Needs::Selection},
    {"file.savePositions", Group::File, "Save &places…",
     "Save where the selected features, or all, lie on the map: CSV, TSV, NPZ, HDF5 or JSON",
     "save", "", Needs::Map},
    {"notes.save", Group::File, "Save &notes…",
     "Save every note and tag with ids and labels: CSV, TSV, NPZ, HDF5 or JSON", "save", "",
     Needs::Part},
    {"select.save", Group::File, "Save &kept selections…",
     "Save which features each kept selection holds: CSV, TSV, NPZ, HDF5 or JSON", "save", "",
     Needs::Part},
    {"file.figure", Group::File, "Export &figure…",
     "A picture in millimetres and dots per inch, with legend and caption", "figure",
     "Ctrl+Shift+E", Needs::Map, false, true},
    {"file.quit", Group::File, "&Quit", "End the program", "quit", "Ctrl+Q", Needs::Nothing, false,
     false, true},

    {"edit.undo", Group::Edit, "&Undo",
     "Take back the last change of selection, view, colours, search, lobes, vectors or panels",
     "undo", "Ctrl+Z", Needs::Undo, false, true},
    {"edit.redo", Group::Edit, "&Redo", "Do again what was taken back", "redo",
     "Ctrl+Shift+Z; Ctrl+Y", Needs::Redo, false, true},
    {"edit.copyView", Group::Edit, "Copy &view", "Copy the picture to the clipboard", "copy", "F12",
     Needs::Map, false, false, true},
    {"edit.copySelection", Group::Edit, "Copy &selection",
     "Copy ids, labels and columns of the selected features as text", "copy", "Ctrl+Shift+C",
     Needs::Selection},
    {"edit.copyPositions", Group::Edit, "Copy p&laces",
     "Copy where the selected features, or all, lie on the map as text", "copy", "", Needs::Map},
    {"notes.copy", Group::Edit, "Copy n&otes", "Copy every note and tag as text", "copy", "",
     Needs::Part},
    {"edit.copyAddress", Group::Edit, "Copy &address of the feature's page",
     "Copy where a public catalogue has the current feature, as the dictionary's identity tells; "
     "nothing is opened",
     "copy", "Ctrl+Alt+C", Needs::Part},
    {"edit.address", Group::Edit, "&Template of addresses…",
     "What the address of a feature's page is made of", "", ""},
    {"notes.write", Group::Edit, "&Write a note", "Write about the current feature", "note",
     "Ctrl+Shift+N", Needs::Part, false, false, true},
    {"notes.tag", Group::Edit, "&Tag the selection",
     "Give a tag to every selected feature, or take one away", "tag", "Ctrl+T", Needs::Part},
    {"edit.find", Group::Edit, "&Find labels", "Search the labels: words or a regular expression",
     "search", "Ctrl+F", Needs::Dictionary, false, false, true},
    {"edit.next", Group::Edit, "&Next match", "Go to the next feature that matches", "next", "F3",
     Needs::Matches},
    {"edit.previous", Group::Edit, "&Previous match", "Go to the match before", "previous",
     "Shift+F3", Needs::Matches},
    {"edit.query", Group::Edit, "&Query a − b + c",
     "Calculate with features and list what is nearest to the result", "", "Ctrl+E",
     Needs::Dictionary},

    {"select.navigate", Group::Select, "&Turn and click", "Drag turns the cloud, a click selects",
     "navigate", "V", Needs::Map, true, true},
    {"select.rectangle", Group::Select, "&Rectangle",
     "Draw a rectangle around points; Shift adds, Ctrl removes", "rectangle", "R", Needs::Map, true,
     true},
    {"select.lasso", Group::Select, "&Lasso", "Draw freely around points; Shift adds, Ctrl removes",
     "lasso", "L", Needs::Map, true, true},
    {"select.polygon", Group::Select, "&Polygon",
     "Click corners around points, double click to close; Shift adds, Ctrl removes", "polygon", "P",
     Needs::Map, true, true},
    {"select.brush", Group::Select, "&Brush", "Paint over points; Shift adds, Ctrl removes",
     "brush", "B", Needs::Map, true, true},
    {"select.visibleOnly", Group::Select, "&Visible only",
     "Regions take only points that are not behind others; off: all inside, through the cloud",
     "visible", "", Needs::Map, true, true},
    {"select.all", Group::Select, "Select &all", "Select every feature", "select-all", "Ctrl+A",
     Needs::Dictionary, false, false, true},
    {"select.none", Group::Select, "Select &none", "Select no feature", "select-none",
     "Ctrl+Shift+A", Needs::Selection},
    {"select.invert", Group::Select, "&Invert selection",
     "Select what is not selected, and only that", "select-invert", "Ctrl+I", Needs::Dictionary},
    {"select.matches", Group::Select, "Select &matches",
     "Select every feature that matches the search", "search", "Ctrl+M", Needs::Matches},

    {"select.grow", Group::Select, "&Grow by neighbours",
     "Add the 10 nearest neighbours of every selected feature", "grow", "Ctrl+Shift+G",
     Needs::Part},
    {"select.paste", Group::Select, "&Paste a list",
     "Select the indices or labels that lie in the clipboard, and say what is not there", "paste",
     "Ctrl+V", Needs::Part, false, false, true},
    {"select.load", Group::Select, "Loa&d a list…",
     "Select the indices or labels that a file lists", "open", "", Needs::Part},
    {"select.keep", Group::Select, "&Keep the selection…",
     "Keep the selected features under a name, with outline and camera", "save", "Ctrl+K",
     Needs::Part},
    {"select.panel", Group::Select, "Kept selections a&nd more",
     "The panel of selections: kept ones, by values, grown", "", "Ctrl+Shift+K", Needs::Part},

    {"view.frameSelection", Group::View, "&Frame selection",
     "Move the camera so that the selected features fill the view", "frame-selection", "F",
     Needs::Selection, false, true},
    {"view.frameAll", Group::View, "Frame &all", "Move the camera so that the whole cloud is seen",
     "frame-all", "Home", Needs::Map, false, true},
    {"view.front", Group::View, "&Front", "Look along the third axis", "axis-front", "1",
     Needs::Map},
    {"view.side", Group::View, "&Side", "Look along the first axis", "axis-front", "3", Needs::Map},
    {"view.top", Group::View, "&Top", "Look along the second axis", "axis-front", "7", Needs::Map},
    {"view.orthographic", Group::View, "&Orthographic",
     "Without perspective: equal lengths look equal", "orthographic", "5", Needs::Map, true, true},
    {"view.one", Group::View, "One vie&w", "Show the active view alone", "views-one", "Ctrl+1",
     Needs::Part, true, false, true},
    {"view.columns", Group::View, "Two side &by side", "Show two views beside each other",
     "views-columns", "Ctrl+2", Needs::Part, true},
    {"view.rows", Group::View, "Two above each &other", "Show two views above each other",
     "views-rows", "", Needs::Part, true},
    {"view.three", Group::View, "T&hree views", "Show one large view and two beside it",
     "views-three", "Ctrl+3", Needs::Part, true},
    {"view.four", Group::View, "Four v&iews", "Show four views at once", "views-four", "Ctrl+4",
     Needs::Part, true},
    {"view.maximize", Group::View, "&Enlarge view",
     "Give the active view all the room for a while, and back", "maximize", "Ctrl+Return",
     Needs::Part, true},
    {"view.nextPane", Group::View, "&Go to the next view",
     "Commands and keys then mean the view beside", "", "F6", Needs::Part},
    {"view.linkCameras", Group::View, "Lin&k cameras",
     "All clouds turn together; off: each has a camera of its own", "", "K", Needs::Part, true},
    {"view.saveLayout", Group::View, "Save la&yout…",
     "Keep which views and panels are shown, and where, under a name", "save", "", Needs::Part},
    {"view.layouts", Group::View, "Saved layou&ts…", "Go to a kept layout, rename or delete one",
     "", ""},
    {"view.plot", Group::View, "&Plot of columns",
     "Histogram or scatter of any columns beside the cloud; a brush selects", "plot",
     "Ctrl+Shift+H", Needs::Part, false, false, true},
    {"view.names", Group::View, "&Names beside points", "Show labels in the picture", "labels", "N",
     Needs::Map, true, false, true},
    {"view.hideRest", Group::View, "Hide th&e rest",
     "Hide what a search or a filter turns grey; off: it stays, in grey", "", "H", Needs::Part,
     true},
    {"view.nextLayer", Group::View, "Ne&xt layer", "Show the next open layer", "layers",
     "Ctrl+PgDown", Needs::Dictionary},
    {"view.previousLayer", Group::View, "Pre&vious layer", "Show the layer before", "layers",
     "Ctrl+PgUp", Needs::Dictionary},
    {"view.closeMessage", Group::View, "&Close message", "Put the message above the view away",
     "close", "Shift+Esc"},
    {"view.fullScreen", Group::View, "F&ull screen", "Use the whole screen", "", "F11",
     Needs::Nothing, true, false, true},

    {"tools.pca3", Group::Maps, "&PCA in 3-D", "The exact first three principal components", "map",
     "", Needs::Dictionary},
    {"tools.pca2", Group::Maps, "PCA in &2-D", "The exact first two principal components", "map",
     "", Needs::Dictionary},
    {"tools.tsne2", Group::Maps, "&t-SNE in 2-D",
     "Neighbours stay neighbours; takes its time, shows while it works", "map", "",
     Needs::Dictionary},
    {"tools.tsne3", Group::Maps, "t-SNE in &3-D",
     "Neighbours stay neighbours; takes its time, shows while it works", "map", "",
     Needs::Dictionary},
    {"tools.umap2", Group::Maps, "&UMAP in 2-D",
     "Neighbours stay neighbours, groups stand apart; shows while it works", "map", "",
     Needs::Dictionary},
    {"tools.umap3", Group::Maps, "U&MAP in 3-D",
     "Neighbours stay neighbours, groups stand apart; shows while it works", "map", "",
     Needs::Dictionary},
    {"lobes.panel", Group::Lobes, "&Cut lobes",
     "Options, start and result of clustering features by how they fire together", "", "Ctrl+L",
     Needs::Part},
    {"lobes.open", Group::Lobes, "C&o-occurrences…",
     "Choose the file that says which features fire together", "open", "", Needs::Part},
    {"lobes.documents", Group::Lobes, "&Document types…",
     "Choose the file with one document type per block", "open", "", Needs::Part},
    {"lobes.tokens", Group::Lobes, "&Token texts…",
     "Choose the vocabulary of the tokens, for the replay: a token per line, or a tokenizer's JSON",
     "open", "", Needs::Part},
    {"lobes.maps", Group::Lobes, "&Six maps",
     "The same map coloured by the lobes of each affinity, with one camera", "map", "", Needs::Part,
     false, false, true},
    {"lobes.heatMap", Group::Lobes, "&Lobes and document types",
     "Which lobe wins the blocks of which kind of text", "", "", Needs::Part},
    {"lobes.curves", Group::Lobes, "Locality over &number",
     "Agreement with spatial lobes and accuracy of the regression, beside chance", "", "",
     Needs::Part},
    {"lobes.flow", Group::Lobes, "How lobes s&plit", "Two lobes into three, four, eight", "", "",
     Needs::Part},
    {"lobes.replay", Group::Lobes, "&Replay",
     "Firing features light up, token by token or block by block", "", "", Needs::Part},
    {"lobes.published", Group::Lobes, "P&ublished lobes…",
     "Lobes that others cut: of features (.npz, .npy, HDF5) or of document types (.json)", "open",
     "", Needs::Part},
    {"lobes.save", Group::Lobes, "S&ave lobes…",
     "Every clustering as an array, with ids and labels", "save", "", Needs::Part, false, false,
     true},
    {"maps.stop", Group::Maps, "&Stop here", "Keep the map as it is now", "stop", "", Needs::Part,
     false, false, true},
    {"maps.goOn", Group::Maps, "&Go on", "Continue the shown map from where it is", "", "Ctrl+G",
     Needs::Part},
    {"maps.next", Group::Maps, "&Next map", "Glide to the next map of this layer", "", "M",
     Needs::Part, false, false, true},
    {"maps.previous", Group::Maps, "Pre&vious map", "Glide to the map before", "", "Shift+M",
     Needs::Part},
    {"maps.torn", Group::Maps, "T&orn neighbours",
     "Lines from the current feature to those of its 10 true neighbours that the map tore away", "",
     "T", Needs::Map, true, false, true},
    {"maps.trust", Group::Maps, "Measure t&rust",
     "Compare the map's neighbours with the exact ones of the original space", "", "", Needs::Part},
    {"maps.distortion", Group::Maps, "Colour by &distortion",
     "Colour every point by the share of its true neighbours that the map keeps", "", "Shift+T",
     Needs::Part},
    {"maps.save", Group::Maps, "Sav&e fitted map…",
     "Keep the shown map with all that placing other vectors on it needs", "save", "", Needs::Part,
     false, false, true},
    {"maps.apply", Group::Maps, "P&lace on a saved map…",
     "Show this layer on a map that was made of other features of the same space", "", "",
     Needs::Dictionary},
    {"crystals.panel", Group::Crystals, "&Crystals", "Relations, search and single crystals", "",
     "", Needs::Part},
    {"crystals.load", Group::Crystals, "&Load word pairs…",
     "Read relations from function-vector, analogy or table files", "open", "", Needs::Part},
    {"crystals.make", Group::Crystals, "Crystal of the four &selected",
     "Measure and draw the best parallelogram of the four selected features", "", "", Needs::Part},
    {"crystals.none", Group::Crystals, "&Put the crystal away", "Look at no crystal", "", "",
     Needs::Part},
    {"crystals.planes", Group::Crystals, "&Planes of the relations",
     "Principal components beside discriminants, coloured by relation", "", "", Needs::Part},
    {"crystals.length", Group::Crystals, "Differences and &word length",
     "The first component of the differences against the length of the words", "", "", Needs::Part},

    {"vectors.panel", Group::Tools, "&Vectors",
     "Probes, steering vectors and other directions: the panel", "vector", "Ctrl+Shift+V",
     Needs::Part},
    {"vectors.load", Group::Tools, "&Load vectors…",
     "Read probes, steering vectors or other directions of the same space", "open", "",
     Needs::Part},
    {"vectors.mean", Group::Tools, "&Mean of the selection",
     "Keep the mean direction of the selected features as a vector", "", "", Needs::Part},
    {"vectors.rank", Group::Tools, "&Rank features by the vectors",
     "A column with every feature's cosine with each vector, and colours by the first", "", "",
     Needs::Part},
    {"vectors.add", Group::Tools, "Set the vectors among the &points",
     "A layer with the vectors after its features, placed on the map that is shown", "", "",
     Needs::Part},
    {"vectors.takeOut", Group::Tools, "&Take the vectors out",
     "A layer whose features have lost what they share with the vectors", "", "", Needs::Part},

    {"vectors.twins", Group::Tools, "&Near-duplicates and antipodes",
     "Columns with every feature's nearest and most opposite one, over all pairs", "", "",
     Needs::Part},
    {"tools.stop", Group::Tools, "&Stop all jobs", "Stop whatever runs in the background", "stop",
     "Ctrl+.", Needs::Nothing, false, false, true},

    {"help.commands", Group::Help, "&Commands…", "Find any command by its name", "commands",
     "Ctrl+Shift+P"},
    {"help.keys", Group::Help, "&Keys and gestures", "What every key and gesture does", "keyboard",
     "?"},
    {"help.editKeys", Group::Help, "C&hange keys…", "Give commands other keys, or take them back",
     "keyboard", ""},
    {"help.manual", Group::Help, "&Help", "How to begin, what can be read, how to select", "help",
     "F1"},
    {"help.about", Group::Help, "&About Orrery", "Version, licence and sources", "orrery", "",
     Needs::Nothing, false, false, true},
};

QString translated(const char* text)
{
  return QCoreApplication::translate("ActionTable", text);
}

}  // namespace

std::span<const ActionSpec> actionSpecs()
{
  return specs;
}

QString groupTitle(ActionGroup group)
{
  switch (group) {
    case Group::File:
      return translated("&File");
    case Group::Edit:
      return translated("&Edit");
    case Group::Select:
      return translated("&Select");
    case Group::View:
      return translated("&View");
    case Group::Maps:
      return translated("&Maps");
    case Group::Crystals:
      return translated("&Crystals");
    case Group::Lobes:
      return translated("&Lobes");
    case Group::Galaxy:
      return translated("&Galaxy");
    case Group::Tools:
      return translated("&Tools");
    case Group::Help:
      return translated("&Help");
  }
  return {};
}

QList<QKeySequence> defaultKeys(const ActionSpec& spec)
{
  QList<QKeySequence> keys;
  for (const QString& key :
       QString::fromLatin1(spec.shortcut).split(QStringLiteral("; "), Qt::SkipEmptyParts))
    keys << QKeySequence::fromString(key, QKeySequence::PortableText);
  return keys;
}

QString plainName(const QString& text)
{
  return QString(text).remove(QLatin1Char('&')).remove(QStringLiteral("…"));
}

ActionTable::ActionTable(QWidget* owner) : QObject(owner)
{
  for (const ActionSpec& spec : specs) {
    auto* action = new QAction(translated(spec.text), this);
    action->setObjectName(QString::fromLatin1(spec.id));
    action->setCheckable(spec.checkable);
    action->setStatusTip(translated(spec.toolTip));
    if (*spec.icon)
      action->setIcon(icon(QString::fromLatin1(spec.icon)));
    owner->addAction(action);
    m_actions[spec.id] = action;
  }
  setKeys({});
  setState({});
  qApp->installEventFilter(this);
}

bool ActionTable::eventFilter(QObject* watched, QEvent* event)
{
  const auto* field =
      event->type() == QEvent::ShortcutOverride ? qobject_cast<QLineEdit*>(watched) : nullptr;
  if (!field || field->window() != parent())
    return QObject::eventFilter(watched, event);
  const auto* key = static_cast<QKeyEvent*>(event);
  const bool plain = !(key->modifiers() & (Qt::ControlModifier | Qt::AltModifier));
  // What every text field knows stays its own.
  constexpr QKeySequence::StandardKey own[] = {
      QKeySequence::Undo,  QKeySequence::Redo,      QKeySequence::Copy,  QKeySequence::Cut,
      QKeySequence::Paste, QKeySequence::SelectAll, QKeySequence::Delete};
  if (plain || std::any_of(std::begin(own), std::end(own), [&](QKeySequence::StandardKey standard) {
        return key->matches(standard);
      }))
    return QObject::eventFilter(watched, event);
  const QKeySequence pressed(key->keyCombination());
  for (const auto& [id, action] : m_actions)
    if (action->isEnabled() && action->shortcuts().contains(pressed)) {
      event->ignore();
      return true;
    }
  return QObject::eventFilter(watched, event);
}

void ActionTable::setKeys(const ChosenKeys& chosen)
{
  QList<QKeySequence> taken;
  for (const ActionSpec& spec : specs) {
    const auto own = chosen.find(QString::fromLatin1(spec.id));
    QList<QKeySequence> keys = own == chosen.end() ? defaultKeys(spec) : own->second;
    keys.removeIf([&](const QKeySequence& key) { return key.isEmpty() || taken.contains(key); });
    taken << keys;
    QAction* action = m_actions[spec.id];
    action->setShortcuts(keys);
    QString tip = translated(spec.toolTip);
    if (!keys.isEmpty())
      tip += QStringLiteral(" (%1)").arg(keys.front().toString(QKeySequence::NativeText));
    action->setToolTip(tip);
  }
}

QAction* ActionTable::action(std::string_view id) const
{
  const auto found = m_actions.find(id);
  Q_ASSERT_X(found != m_actions.end(), "ActionTable", "no such action");
  return found == m_actions.end() ? nullptr : found->second;
}

void ActionTable::setState(const State& state)
{
  for (const ActionSpec& spec : specs) {
    bool enabled = true;
    switch (spec.needs) {
      case Needs::Nothing:
        break;
      case Needs::Dictionary:
        enabled = state.dictionary;
        break;
      case Needs::Map:
        enabled = state.map;
        break;
      case Needs::Selection:
        enabled = state.selection;
        break;
      case Needs::Matches:
        enabled = state.matches;
        break;
      case Needs::Undo:
        enabled = state.undo;
        break;
      case Needs::Redo:
        enabled = state.redo;
        break;
      case Needs::Part:
        continue;
    }
    m_actions[spec.id]->setEnabled(enabled);
  }
}

}  // namespace orrery
