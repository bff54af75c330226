// The camera is a value of the document (the undo stack and sessions keep it); views include it
// here.
#pragma once

#include "core/document/Camera.h"
