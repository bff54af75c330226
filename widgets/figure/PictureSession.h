// The session that a figure carries in itself.
#pragma once

#include <QString>

#include <filesystem>
#include <map>
#include <string>

namespace orrery {

/// The text of the session inside a PNG that this program wrote. Throws Error if there is none.
std::string sessionOfPicture(const std::filesystem::path& path);

/// A session as metadata for a figure: in pieces, for readers of PNG limit a text's length.
std::map<QString, QString> pictureMetadata(const std::string& session);

}  // namespace orrery
