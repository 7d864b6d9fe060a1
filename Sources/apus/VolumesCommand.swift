import Archive
import ArgumentParser
import ObjectStorage
import PACSServer
import PersistenceSQLite

struct VolumesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "volumes", abstract: "List the storage locations: state, space, and how many objects each holds.",
        discussion: "A location that is being drained may be taken out of storage.volumes when it holds none. Works beside a running server.")
    @OptionGroup var directory: DataDirectoryOptions

    func run() async throws {
        try await reporting {
            let archive = try directory.openForReading()
            defer { archive.close() }
            let counts = try archive.index.objectCounts()
            print("ID\tNAME\tSTATE\tFREE BYTES\tTOTAL BYTES\tOBJECTS")
            for volume in archive.store.volumes() {
                print(
                    "\(volume.volumeID)\t\(volume.name)\t\(volume.state.rawValue)\t\(volume.freeBytes)\t\(volume.totalBytes)\t"
                        + "\(counts[volume.volumeID] ?? 0)")
            }
        }
    }
}
