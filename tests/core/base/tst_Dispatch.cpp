#include "core/base/Dispatch.h"

#include <QtTest/QTest>

namespace {

/// With fused multiply-add, which the compiler may use in the fast copy only, the product is not
/// rounded before the subtraction.
ORRERY_FOR_EACH_CPU
float productLessSquare(float a, float b, float c)
{
  return a * b - c;
}

}  // namespace

class TestDispatch : public QObject {
  Q_OBJECT

 private slots:
  void fastCopyRunsWhereTheProcessorHasIt()
  {
#if !defined(__x86_64__) || !defined(__GNUC__) || defined(__SANITIZE_ADDRESS__)
    QSKIP("one copy only");
#else
    volatile float a = 1.0f + 0x1.0p-20f;
    const float rounded = a * a;
    const bool fused = productLessSquare(a, a, rounded) != 0.0f;
    QCOMPARE(fused, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
#endif
  }
};

QTEST_APPLESS_MAIN(TestDispatch)
#include "tst_Dispatch.moc"
