#include "widgets/figure/PictureSession.h"

#include "core/base/Error.h"
#include "core/io/ByteSource.h"

#include <QFile>
#include <QImageReader>

namespace orrery {
namespace {

constexpr char pictureKey[] = "orrery-session";
constexpr qsizetype pieceLength = 4'000'000;

}  // namespace

std::string sessionOfPicture(const std::filesystem::path& path)
{
  QImageReader reader(QFile::decodeName(QByteArray::fromStdString(path.native())), "png");
  QString text = reader.text(QLatin1String(pictureKey));
  if (text.isEmpty())
    throw Error(displayName(path) + ": holds no session; figures that Orrery exports as PNG do");
  for (int piece = 2;; ++piece) {
    const QString more = reader.text(QStringLiteral("%1-%2").arg(pictureKey).arg(piece));
    if (more.isEmpty())
      break;
    text += more;
  }
  return text.toStdString();
}

std::map<QString, QString> pictureMetadata(const std::string& session)
{
  std::map<QString, QString> metadata;
  const QString text = QString::fromStdString(session);
  for (qsizetype at = 0, piece = 1; at < text.size(); at += pieceLength, ++piece)
    metadata[piece == 1 ? QString::fromLatin1(pictureKey)
                        : QStringLiteral("%1-%2").arg(pictureKey).arg(piece)] =
        text.mid(at, pieceLength);
  return metadata;
}

}  // namespace orrery
