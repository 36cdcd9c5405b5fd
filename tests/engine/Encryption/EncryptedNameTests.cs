using System.Text;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Encryption;

public sealed class EncryptedNameTests
{
    private static readonly DateTime Start = new(2024, 8, 6, 5, 34, 12, DateTimeKind.Utc);

    [Theory]
    [InlineData(
        CompressionKind.Gzip,
        "app_20240806_053412_full.dump.gz.age",
        "age -d -i IDENTITY app_20240806_053412_full.dump.gz.age | gunzip | pg_restore -d NAME"
    )]
    [InlineData(
        CompressionKind.Zstd,
        "app_20240806_053412_full.dump.zst.age",
        "age -d -i IDENTITY app_20240806_053412_full.dump.zst.age | zstd -dc | pg_restore -d NAME"
    )]
    [InlineData(
        CompressionKind.None,
        "app_20240806_053412_full.dump.age",
        "age -d -i IDENTITY app_20240806_053412_full.dump.age | pg_restore -d NAME"
    )]
    public void NameAndCommandTellHowItIsStored(CompressionKind compression, string name, string command)
    {
        Assert.Equal(name, BackupFileName.Create("app", Start, compression, isEncrypted: true));
        Assert.Equal(command, new OpenCommand(name, compression, isEncrypted: true).ForShell());
    }

    [Fact]
    public void FitsAFileSystemAlsoForTheLongestName()
    {
        string longest =
            BackupFileName.Create(new string('/', 63), Start, CompressionKind.Gzip, isEncrypted: true)
            + GlobalsFile.Suffix(isEncrypted: true)
            + BackupFileName.PartialSuffix;
        Assert.InRange(Encoding.UTF8.GetByteCount(longest), 1, 255);
    }
}
