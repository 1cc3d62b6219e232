import Models
import Networks
import Testing

@Suite struct NumericsProbeTests {
  @Test func theClassNamesLibraryKernelsAndThreads() {
    NumericsProbe.configureSingleThread()
    let parts = NumericsProbe.numericsClass.name.split(separator: "-")
    #expect(parts.count == 4)
    #expect(parts[0] == "openblas")
    #expect(parts[1].allSatisfy { $0.isNumber || $0 == "." })
    #expect(parts[3] == "1")
    if parts[1] == "0.3.21", parts[2] == "haswell" { #expect(NumericsProbe.numericsClass == .portable) }
  }
}
