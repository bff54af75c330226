// VTK's render window on our own context: it draws into VTK's framebuffer, which is read back.
#pragma once

#include "widgets/vtk/OpenGlContext.h"

#include <vtkGenericOpenGLRenderWindow.h>

#include <QImage>

#include <memory>

namespace orrery {

class OffscreenWindow : public vtkGenericOpenGLRenderWindow {
 public:
  static OffscreenWindow* New();
  vtkTypeMacro(OffscreenWindow, vtkGenericOpenGLRenderWindow)

      void setContext(std::shared_ptr<OpenGlContext> context);

  /// Binds the framebuffer, at @p width × @p height device pixels, for the renderers to draw into.
  /// Skips vtkRenderWindow::Render and its copies. False if the context is lost.
  bool begin(int width, int height);
  /// To be called before drawing more on top: another window may have drawn since begin().
  bool resume();
  /// What has been drawn since begin(): premultiplied, top row first.
  [[nodiscard]] QImage read();

  void MakeCurrent() override;
  bool IsCurrent() override;
  int SupportsOpenGL() override { return 1; }
  vtkTypeBool IsDirect() override { return 1; }
  void OpenGLInitContext() override;

 protected:
  OffscreenWindow();
  ~OffscreenWindow() override;

 private:
  void takeContext();

  std::shared_ptr<OpenGlContext> m_context;
};

}  // namespace orrery
