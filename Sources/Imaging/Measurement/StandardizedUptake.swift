/// Standardized uptake value by body weight (PS3.3 C.8.9.1; QIBA).
public enum StandardizedUptake {
    /// What Bq/ml is multiplied with for g/ml.
    /// - Parameters:
    ///   - dose: Radionuclide Total Dose, Bq.
    ///   - seconds: from injection to the time the decay correction refers to.
    ///   - isCorrectedToInjection: Decay Correction ADMIN: the dose is taken as injected.
    /// - Returns: `nil` when an input is missing or impossible.
    public static func factor(
        weightKilograms: Double, dose: Double, halfLifeSeconds: Double, seconds: Double, isCorrectedToInjection: Bool
    ) -> Double? {
        guard weightKilograms > 0, weightKilograms < 1e4, dose > 0, dose < 1e15 else { return nil }
        if isCorrectedToInjection { return weightKilograms * 1000 / dose }
        guard halfLifeSeconds > 0, halfLifeSeconds < 1e12, seconds >= 0, seconds < 1e8 else { return nil }
        let decay = KernelMath.exp(-0.693147180559945309417232121458 * seconds / halfLifeSeconds)
        return decay > 0 ? weightKilograms * 1000 / (dose * decay) : nil
    }
}
