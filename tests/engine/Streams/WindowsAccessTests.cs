using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;
using CryoBackup.Postgres.Scratch;
using CryoBackup.Processes;
using CryoBackup.Storage;
using CryoBackup.Streams;
using CryoBackup.Tests.Standalone;

namespace CryoBackup.Tests.Streams;

/// <summary>What is ours is for its owner, the system and the administrators, wherever it lies.</summary>
[SupportedOSPlatform("windows")]
public sealed class WindowsAccessTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public WindowsAccessTests()
    {
        if (!OperatingSystem.IsWindows())
        {
            return;
        }

        // A folder of backups that everybody may read, as a share is.
        DirectorySecurity open = new DirectoryInfo(_folder.Path).GetAccessControl();
        open.AddAccessRule(
            new FileSystemAccessRule(
                new SecurityIdentifier(WellKnownSidType.WorldSid, null),
                FileSystemRights.Read,
                InheritanceFlags.ContainerInherit | InheritanceFlags.ObjectInherit,
                PropagationFlags.None,
                AccessControlType.Allow
            )
        );
        new DirectoryInfo(_folder.Path).SetAccessControl(open);
    }

    public void Dispose() => _folder.Dispose();

    [WindowsFact]
    [Trait(WineLimits.Trait, WineLimits.Acls)]
    public void BackupsAndManifests()
    {
        string path = Path.Combine(_folder.Path, "app_20260101_000000_full.dump.gz");
        using (var file = new PartialFile(path))
        {
            file.Stream.Write("x"u8);
            file.Publish();
        }

        AssertOursAlone(new FileInfo(path).GetAccessControl());
    }

    [WindowsFact]
    [Trait(WineLimits.Trait, WineLimits.Acls)]
    public void PrivateFoldersAndThoseOfServers()
    {
        using var folder = PrivateFolder.Create("cryobackup-pass-");
        AssertOursAlone(new DirectoryInfo(folder.Path).GetAccessControl());
        AssertOursAlone(new FileInfo(folder.WriteFile("pgpass", "x")).GetAccessControl());
        string scratch = ScratchFolder.Create(_folder.Path);
        AssertOursAlone(new DirectoryInfo(scratch).GetAccessControl());
        string below = Path.Combine(scratch, "data");
        Directory.CreateDirectory(below);
        AssertOursAlone(new DirectoryInfo(below).GetAccessControl());
        Assert.True(TrustedPlace.IsOurFolder(scratch));
    }

    [WindowsFact]
    public void ANameThatIsTakenIsRefusedAsEverywhere()
    {
        string path = _folder.Write("taken", "x");
        IOException e = Assert.Throws<IOException>(() => RegularFile.Create(path).Dispose());
        Assert.Equal(unchecked((int)0x80070050), e.HResult);
        Assert.Equal("x", File.ReadAllText(path));
    }

    private static void AssertOursAlone(FileSystemSecurity security)
    {
        using var ourselves = WindowsIdentity.GetCurrent();
        Assert.Equal(
            new[]
            {
                ourselves.User!.Value,
                new SecurityIdentifier(WellKnownSidType.LocalSystemSid, null).Value,
                new SecurityIdentifier(WellKnownSidType.BuiltinAdministratorsSid, null).Value,
            }
                .Distinct()
                .Order(StringComparer.Ordinal),
            security
                .GetAccessRules(includeExplicit: true, includeInherited: true, typeof(SecurityIdentifier))
                .OfType<FileSystemAccessRule>()
                .Select(rule => rule.IdentityReference.Value)
                .Distinct()
                .Order(StringComparer.Ordinal)
        );
    }
}
