#include "widgets/lobes/LobeTableModel.h"

#include "widgets/models/FeatureText.h"
#include "widgets/vtk/Palette.h"

namespace orrery {
namespace {

constexpr std::size_t featuresNamed = 8;

}  // namespace

LobeTableModel::LobeTableModel(Document* document, LobeStudy* study, QObject* parent)
    : QAbstractTableModel(parent), m_document(document), m_study(study)
{
  connect(study, &LobeStudy::resultChanged, this, &LobeTableModel::reread);
  connect(study, &LobeStudy::shownChanged, this, &LobeTableModel::reread);
  connect(document, &Document::dictionaryChanged, this, &LobeTableModel::reread);
  reread();
}

void LobeTableModel::reread()
{
  beginResetModel();
  const Lobes* lobes = m_study->shownLobes();
  const LobeChoice choice = m_study->shown();
  m_sizes = lobes ? lobes->sizes : std::vector<std::int64_t>();
  m_colors = lobes ? m_study->colors(choice) : std::vector<std::int32_t>();
  m_names = lobes ? m_study->names(choice) : std::vector<std::string>();
  m_purpose = lobes ? m_study->purpose() : nullptr;
  endResetModel();
}

void LobeTableModel::setDark(bool dark)
{
  m_dark = dark;
  if (!m_sizes.empty())
    emit dataChanged(index(0, 0), index(rowCount() - 1, columnTotal - 1));
}

int LobeTableModel::rowCount(const QModelIndex& parent) const
{
  return parent.isValid() ? 0 : static_cast<int>(m_sizes.size());
}

int LobeTableModel::columnCount(const QModelIndex& parent) const
{
  return parent.isValid() ? 0 : columnTotal;
}

QString LobeTableModel::featureList(const std::vector<LobeFeature>& features) const
{
  const auto dictionary = m_document->dictionary();
  QStringList labels;
  for (std::size_t i = 0; dictionary && i < features.size() && i < featuresNamed; ++i)
    labels << labelText(*dictionary, features[i].feature);
  return labels.join(QStringLiteral(", "));
}

QVariant LobeTableModel::data(const QModelIndex& index, int role) const
{
  const auto row = static_cast<std::size_t>(index.row());
  if (!index.isValid() || row >= m_sizes.size())
    return {};
  if (role == Qt::DecorationRole && index.column() == Name)
    return categoryColor(m_colors[row], m_dark);
  if (role == Qt::EditRole && index.column() == Name)
    return QString::fromStdString(m_names[row]);
  if (role == Qt::TextAlignmentRole && (index.column() == Size || index.column() == Wins))
    return QVariant(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole && role != Qt::ToolTipRole)
    return {};
  QString text;
  switch (index.column()) {
    case Name:
      text = visibleText(m_names[row], 80);
      break;
    case Size:
      text = displayCount(m_sizes[row]);
      break;
    case Wins:
      text =
          m_purpose && row < m_purpose->won.size() ? displayCount(m_purpose->won[row]) : QString();
      break;
    case Frequent:
      text = m_purpose && row < m_purpose->top.size() ? featureList(m_purpose->top[row].byFrequency)
                                                      : QString();
      break;
    case Specific:
      text = m_purpose && row < m_purpose->top.size()
                 ? featureList(m_purpose->top[row].bySpecificity)
                 : QString();
      break;
    default:
      break;
  }
  return role == Qt::ToolTipRole ? plainToolTip(text) : text;
}

QVariant LobeTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
  if (orientation == Qt::Vertical)
    return role == Qt::DisplayRole ? QVariant(section + 1) : QVariant();
  const struct {
    QString title, tip;
  } texts[] = {{tr("Lobe"), tr("Double click or F2 to rename; empty: the suggested name again")},
               {tr("Features"), tr("How many features it has")},
               {tr("Wins"), tr("Blocks in which its own features fire in the largest share")},
               {tr("Most frequent"), tr("Its features that fire in most blocks")},
               {tr("Most specific"),
                tr("Its features that prefer the blocks it wins, of those in 20 blocks and more")}};
  if (section < 0 || section >= columnTotal)
    return {};
  if (role == Qt::DisplayRole)
    return texts[section].title;
  return role == Qt::ToolTipRole ? QVariant(texts[section].tip) : QVariant();
}

Qt::ItemFlags LobeTableModel::flags(const QModelIndex& index) const
{
  Qt::ItemFlags flags = QAbstractTableModel::flags(index);
  if (index.column() == Name)
    flags |= Qt::ItemIsEditable;
  return flags;
}

bool LobeTableModel::setData(const QModelIndex& index, const QVariant& value, int role)
{
  if (role != Qt::EditRole || index.column() != Name)
    return false;
  // The study answers; the table shows the name when it comes back.
  m_study->rename(m_study->shown(), index.row(), value.toString().trimmed().toStdString());
  return true;
}

}  // namespace orrery
