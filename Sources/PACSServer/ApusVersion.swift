/// The version of this build.
package enum ApusVersion {
    package static let text = "0.1.0"
}
