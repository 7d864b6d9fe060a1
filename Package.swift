// swift-tools-version:6.2
import PackageDescription

// One table of targets and arrows (Documentation/ARCHITECTURE.md). `Tests/ArchitectureTests` compares the `import`
// lines of every source file with it, because transitive imports compile silently.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

func room(_ name: String, _ dependencies: [Target.Dependency] = [], linkerSettings: [LinkerSetting] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict, linkerSettings: linkerSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "apus",
    products: [
        .executable(name: "apus", targets: ["apus"]),
        .library(name: "PixelCodecs", targets: ["PixelCodecs"]),
        .library(name: "DICOMCore", targets: ["DICOMCore"]),
        .library(name: "DIMSE", targets: ["DIMSE"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    ],
    targets: [
        // System libraries and shims
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
        .target(name: "COpenJPEG", linkerSettings: [.linkedLibrary("openjp2")]),
        .target(name: "COpenJPH", linkerSettings: [.linkedLibrary("openjph"), .linkedLibrary("stdc++")]),
        .target(name: "CTurboJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
        .target(name: "CStorageKernels", path: "Sources/ObjectStorage/CStorageKernels"),

        // Portable: no Foundation, also compiled to WebAssembly
        room("PixelCodecs"),
        room("Imaging"),
        // What a browser calls: exported functions alone. Natively only its tests need it.
        room("BrowserKernel", ["PixelCodecs", "Imaging"]),

        // The standard
        room("DICOMCore", ["CZlib"]),
        room("CodecLibraries", ["PixelCodecs", "COpenJPEG", "COpenJPH", "CTurboJPEG", "CZlib"]),
        room("DICOMObjects", ["DICOMCore", "PixelCodecs", "Imaging", "CodecLibraries"]),
        room("DIMSE", ["DICOMCore", nio, nioPosix, nioSSL]),
        room("DICOMweb", ["DICOMCore"]),
        room("SecurityProfiles", [crypto, cryptoExtras]),

        // The archive and its drivers
        room("Archive", ["DICOMObjects", "DICOMCore", "PixelCodecs", "Imaging", "CodecLibraries", "CZip", crypto]),
        .target(
            name: "ObjectStorage", dependencies: ["Archive", "CStorageKernels"], exclude: ["CStorageKernels"],
            swiftSettings: strict),
        room("PersistenceSQLite", ["Archive", "SecurityProfiles", "DICOMCore", grdb, grdbSQLite]),

        // Composition
        room("PACSServer", [
            "Archive", "ObjectStorage", "PersistenceSQLite", "SecurityProfiles", "DIMSE", "DICOMweb", "DICOMObjects",
            "CodecLibraries", "Imaging", "DICOMCore", hummingbird, hummingbirdCore, hummingbirdTLS, nio, nioPosix, nioHTTPTypes, httpTypes, nioSSL,
            crypto, logging,
        ]),
        .executableTarget(
            name: "apus",
            dependencies: [
                "PACSServer", "Archive", "ObjectStorage", "PersistenceSQLite", "SecurityProfiles", "DIMSE", "DICOMObjects",
                "DICOMCore", "CodecLibraries", arguments, logging, nio, nioPosix,
            ], swiftSettings: strict),

        // Tests, one folder for each target
        tests("DICOMCoreTests", ["DICOMCore", "TestSupport"]),
        .target(name: "TestSupport", dependencies: ["PixelCodecs"], path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(
            name: "PixelCodecsTests", dependencies: ["PixelCodecs", "TestSupport"], exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "ImagingTests", dependencies: ["BrowserKernel", "Imaging"], exclude: ["Golden", "Reference"], swiftSettings: strict),
        tests("CodecLibrariesTests", ["CodecLibraries", "PixelCodecs", "TestSupport"]),
        tests("DICOMObjectsTests", ["DICOMObjects", "DICOMCore", "Imaging", "PixelCodecs"]),
        tests("DIMSETests", ["DIMSE", "DICOMCore", nio, nioPosix, nioEmbedded]),
        tests("DICOMwebTests", ["DICOMweb", "DICOMCore"]),
        tests("ArchiveTests", ["Archive", "DICOMCore"]),
        tests("ObjectStorageTests", ["ObjectStorage", "Archive", "CStorageKernels"]),
        tests("PersistenceSQLiteTests", ["PersistenceSQLite", "Archive", "SecurityProfiles", "DICOMCore", grdb]),
        tests("SecurityProfilesTests", ["SecurityProfiles"]),
        tests("ArchitectureTests", []),
    ],
    cxxLanguageStandard: .cxx17
)
