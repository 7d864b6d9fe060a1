/// How Apus names itself in associations and files (PS3.7 §D.3.3.2, PS3.10 §7.1).
public enum Implementation {
    /// UUID 2d0c57a6-8f1e-4b6b-9c35-6e0a4b1f7d52 as a UID (PS3.5 §B.2).
    public static let classUID = "2.25.59879345138427107617005246255093218642"
    public static let versionName = "APUS_0_1"
}
