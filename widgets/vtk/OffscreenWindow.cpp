#include "widgets/vtk/OffscreenWindow.h"

#include <vtkObjectFactory.h>
#include <vtkOpenGLFramebufferObject.h>
#include <vtkOpenGLState.h>
// After VTK's: it must see the same OpenGL header.
#include <vtk_glew.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace orrery {

namespace {

/// The window whose cached OpenGL state is true: several windows share one context, and each keeps
/// a cache of its own.
const OffscreenWindow* lastDrawing = nullptr;

}  // namespace

vtkStandardNewMacro(OffscreenWindow)

    OffscreenWindow::OffscreenWindow()
{
  SetMultiSamples(0);
  SetSwapBuffers(0);
}

OffscreenWindow::~OffscreenWindow()
{
  if (lastDrawing == this)
    lastDrawing = nullptr;
  if (m_context && m_context->makeCurrent())
    Finalize();
}

void OffscreenWindow::setContext(std::shared_ptr<OpenGlContext> context)
{
  m_context = std::move(context);
}

void OffscreenWindow::MakeCurrent()
{
  if (m_context && !m_context->makeCurrent())
    m_context->markLost();
}

bool OffscreenWindow::IsCurrent()
{
  return m_context && m_context->makeCurrent();
}

void OffscreenWindow::OpenGLInitContext()
{
  ContextCreationTime.Modified();
  if (Initialized)
    return;
  glewExperimental = GL_TRUE;
  const GLenum result = glewInit();
  // Debian builds GLEW for GLX: in an EGL context it loads every function and then reports that it
  // found no GLX display. VTK would print an error for every frame.
  GlewInitValid = result == GLEW_OK || result == GLEW_ERROR_NO_GLX_DISPLAY;
  if (!GlewInitValid) {
    vtkErrorMacro("OpenGL functions cannot be loaded");
    return;
  }
  GLfloat range[2] = {1.0f, 1.0f};
  glGetFloatv(GL_ALIASED_LINE_WIDTH_RANGE, range);
  MaximumHardwareLineWidth = std::max(1.0f, range[1]);
  Initialized = true;
}

/// Makes VTK's cache of the OpenGL state true again if another window has drawn since.
void OffscreenWindow::takeContext()
{
  if (lastDrawing == this)
    return;
  lastDrawing = this;
  GetState()->Reset();
  GetState()->ResetFramebufferBindings();
}

bool OffscreenWindow::begin(int width, int height)
{
  if (!m_context || !m_context->makeCurrent()) {
    if (m_context)
      m_context->markLost();
    return false;
  }
  OpenGLInit();
  if (!GlewInitValid)
    return false;
  takeContext();
  SetSize(width, height);
  Start();
  // Start() remembers the binding before it for End(), which is never called here.
  GetState()->PopFramebufferBindings();
  RenderFramebuffer->Bind();
  // Each point says its own size in the vertex shader.
  glEnable(GL_PROGRAM_POINT_SIZE);
  return true;
}

bool OffscreenWindow::resume()
{
  if (!m_context || !m_context->makeCurrent())
    return false;
  takeContext();
  RenderFramebuffer->Bind();
  return true;
}

QImage OffscreenWindow::read()
{
  const int width = Size[0];
  const int height = Size[1];
  QImage picture(width, height, QImage::Format_ARGB32_Premultiplied);
  if (picture.isNull() || !m_context || !m_context->makeCurrent())
    return {};
  takeContext();
  RenderFramebuffer->Bind(GL_READ_FRAMEBUFFER);
  RenderFramebuffer->ActivateReadBuffer(0);
  glPixelStorei(GL_PACK_ALIGNMENT, 4);
  glReadPixels(0, 0, width, height, GL_BGRA, GL_UNSIGNED_INT_8_8_8_8_REV, picture.bits());
  // OpenGL counts rows from the bottom.
  const auto stride = static_cast<std::size_t>(picture.bytesPerLine());
  std::vector<unsigned char> row(stride);
  unsigned char* bits = picture.bits();
  for (int top = 0, bottom = height - 1; top < bottom; ++top, --bottom) {
    unsigned char* a = bits + static_cast<std::size_t>(top) * stride;
    unsigned char* b = bits + static_cast<std::size_t>(bottom) * stride;
    std::memcpy(row.data(), a, stride);
    std::memcpy(a, b, stride);
    std::memcpy(b, row.data(), stride);
  }
  if (glGetError() == GL_CONTEXT_LOST)
    m_context->markLost();
  return picture;
}

}  // namespace orrery
