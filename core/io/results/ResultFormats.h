// The forms a result can leave the program in, as bytes.
#pragma once

#include "core/io/ResultFile.h"

#include <filesystem>
#include <string>

namespace orrery {

/// The number of values that the shape promises. Throws Error if the array holds another number.
std::int64_t checkedValueCount(const ResultArray& array);

std::string delimitedBytes(const ResultTable& table, char separator, FormulaGuard guard);
std::string jsonBytes(const ResultTable& table);
std::string npyBytes(const ResultTable& table);
std::string npzBytes(const ResultTable& table);
/// Made in memory by the HDF5 library, one call at a time.
std::string hdf5Bytes(const ResultTable& table);

/// @p number in the shortest form that reads back the same; "nan", "inf" and "-inf" for what is
/// none.
void appendNumber(std::string& target, float number);
void appendNumber(std::string& target, double number);
void appendNumber(std::string& target, std::int64_t number);

/// A JSON string, with its quotes; bytes that are not UTF-8 become U+FFFD.
void appendJsonText(std::string& target, const std::string& text);

/// The options as one JSON object.
std::string optionsJson(const ResultTable& table);

}  // namespace orrery
