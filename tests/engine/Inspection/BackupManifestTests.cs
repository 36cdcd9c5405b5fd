using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Inspection;

public sealed class BackupManifestTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static BackupManifest Sample(Action<List<BackupManifest.TableRecord>>? change = null)
    {
        var tables = new List<BackupManifest.TableRecord>
        {
            new()
            {
                Schema = "public",
                Name = "Größe \"x\" \\ 🧊 \"manifest_sha256\": \"",
                Rows = 3,
                Bytes = 40,
                Fingerprint = new string('a', 32),
            },
            new()
            {
                Schema = "lab",
                Name = "empty",
                Fingerprint = new string('0', 32),
            },
        };
        change?.Invoke(tables);
        return new BackupManifest
        {
            Timestamp = "2024-08-06T05:34:12.000001Z",
            Database = "app",
            BackupFile = "app_20240806_053412_full.dump.gz",
            SizeBytes = 946,
            Host = "localhost",
            Port = 5432,
            BackupToolVersion = "0.1.0",
            SchemaVersion = 1,
            Sha256 = new string('b', 64),
            DurationSeconds = 1.25,
            Tables = tables,
            Warnings =
            [
                "pg_dump: a \"warning\": \"manifest_sha256\": \"0000000000000000000000000000000000000000000000000000000000000000\"",
            ],
            ManifestSha256 = new string('0', 64),
        };
    }

    private string Write(byte[] bytes)
    {
        string path = Path.Combine(_folder.Path, "x.meta.json");
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private CryoBackupException Invalid(byte[] bytes, string words = "")
    {
        string path = Write(bytes);
        CryoBackupException exception = Assert.Throws<CryoBackupException>(() => BackupManifest.Read(path));
        Assert.Equal(CryoBackupError.ManifestInvalid, exception.Error);
        Assert.Equal(path, exception.Target);
        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
        return exception;
    }

    /// <summary>A manifest with a right checksum, whatever else is wrong with it.</summary>
    private static byte[] Sign(string json)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        int at = bytes.AsSpan().LastIndexOf("\"manifest_sha256\": \""u8) + "\"manifest_sha256\": \"".Length;
        bytes.AsSpan(at, 64).Fill((byte)'0');
        Encoding.ASCII.GetBytes(Convert.ToHexString(SHA256.HashData(bytes)).ToLowerInvariant()).CopyTo(bytes, at);
        return bytes;
    }

    [Fact]
    public void ComesBackAsItWent()
    {
        BackupManifest manifest = Sample();
        byte[] bytes = manifest.Serialize();
        Assert.NotEqual(0xef, bytes[0]);
        Assert.Equal((byte)'\n', bytes[^1]);
        Assert.DoesNotContain((byte)'\r', bytes);
        var read = BackupManifest.Read(Write(bytes));
        Assert.Equal(JsonSerializer.Serialize(read.Tables), JsonSerializer.Serialize(manifest.Tables));
        Assert.Equal(
            (manifest.Database, manifest.SizeBytes, manifest.Sha256, manifest.DurationSeconds),
            (read.Database, read.SizeBytes, read.Sha256, read.DurationSeconds)
        );
        Assert.Equal(new DateTime(2024, 8, 6, 5, 34, 12, DateTimeKind.Utc).AddTicks(10), read.ReadStart());
    }

    [Fact]
    public void KeepsThePredecessorsKeys()
    {
        JsonObject json = JsonNode.Parse(Sample().Serialize())!.AsObject();
        Assert.Equal(
            ["timestamp", "database", "backup_type", "backup_file", "size_bytes", "host", "port", "backup_tool_version"],
            json.Select(pair => pair.Key).Take(8)
        );
        Assert.Equal("full", (string?)json["backup_type"]);
    }

    [Fact]
    public void CarriesItsChecksumAsDocumented()
    {
        byte[] bytes = Sample().Serialize();
        string stored = (string)JsonNode.Parse(bytes)!["manifest_sha256"]!;
        string zeroed = Encoding.UTF8.GetString(bytes).Replace(stored, new string('0', 64), StringComparison.Ordinal);
        Assert.Equal(stored, Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(zeroed))).ToLowerInvariant());
        Assert.Equal(bytes, Sign(Encoding.UTF8.GetString(bytes)));
    }

    [Theory]
    [InlineData("", "not the JSON")]
    [InlineData("{", "not the JSON")]
    [InlineData("null", "empty")]
    [InlineData("[]", "not the JSON")]
    [InlineData("{}", "does not name")]
    [InlineData("{\"database\": null, \"backup_file\": null}", "does not name")]
    [InlineData("{\"database\": \"a\", \"backup_file\": \"b\", \"host\": null}", "null")]
    [InlineData("{\"database\": \"a\", \"backup_file\": \"b\", \"size_bytes\": -1}", "out of range")]
    [InlineData("{\"database\": \"a\", \"backup_file\": \"b\", \"size_bytes\": 1e300}", "not the JSON")]
    [InlineData("{\"database\": \"a\", \"backup_file\": \"b\", \"duration_seconds\": 1e300}", "out of range")]
    [InlineData("{\"database\": \"a\", \"backup_file\": \"b\", \"warnings\": [null]}", "null")]
    [InlineData("{\"database\": \"\\ud800\", \"backup_file\": \"b\"}", "not the JSON")]
    [InlineData("{\"database\": \"a\", \"backup_file\": \"b\", \"encryption\": {\"method\": null}}", "encryption is not whole")]
    [InlineData("{\"database\": \"a\", \"backup_file\": \"b\", \"encryption\": {\"method\": \"age\"}}", "encryption is not whole")]
    [InlineData(
        "{\"database\": \"a\", \"backup_file\": \"b\", \"encryption\": {\"method\": \"age\", \"recipients\": [null]}}",
        "encryption is not whole"
    )]
    [InlineData("{\"database\": \"a\", \"backup_file\": \"b\", \"schema_version\": 2}", "schema version is 2")]
    [InlineData("{\"database\": \"a\", \"backup_file\": \"b\", \"schema_version\": 1}", "checksum")]
    [InlineData("{\"database\": \"a\", \"backup_file\": \"b\", \"sha256\": \"\"}", "checksum")]
    [InlineData("{\"database\": \"a\", \"backup_file\": \"b\", \"tables\": []}", "checksum")]
    public void RefusesWhatIsNone(string json, string words) => Invalid(Encoding.UTF8.GetBytes(json), words);

    [Fact]
    public void RefusesWhatIsAbsentOrNotUtf8()
    {
        string path = Path.Combine(_folder.Path, "none.meta.json");
        Assert.Equal(CryoBackupError.ManifestInvalid, Assert.Throws<CryoBackupException>(() => BackupManifest.Read(path)).Error);
        Assert.Equal(CryoBackupError.ManifestInvalid, Assert.Throws<CryoBackupException>(() => BackupManifest.Read(_folder.Path)).Error);
        Invalid([.. "{\"database\": \""u8, 0xff, 0xfe, .. "\", \"backup_file\": \"b\"}"u8]);
        Invalid(Encoding.Unicode.GetBytes("{}"));
        Invalid([.. Enumerable.Repeat((byte)'[', 100_000)]);
    }

    [Fact]
    public void RefusesTablesThatCannotBe()
    {
        void Refuses(Action<List<BackupManifest.TableRecord>> change, string words) => Invalid(Sample(change).Serialize(), words);

        Refuses(tables => tables.Add(null!), "not whole");
        Invalid(
            Sign(
                Encoding.UTF8.GetString(Sample().Serialize()).Replace("\"schema\": \"lab\"", "\"schema\": null", StringComparison.Ordinal)
            ),
            "not whole"
        );
        Refuses(
            tables =>
                tables.Add(
                    new()
                    {
                        Schema = "a",
                        Name = "b",
                        Rows = -1,
                    }
                ),
            "not whole"
        );
        Refuses(
            tables =>
                tables.Add(
                    new()
                    {
                        Schema = "a",
                        Name = "b",
                        Rows = long.MaxValue,
                    }
                ),
            "not whole"
        );
        Refuses(tables => tables.Add(new() { Schema = "lab", Name = "empty" }), "lab.empty twice");
    }

    /// <summary>No name of a database, a file or a host is that long; whoever lists it would have to show it.</summary>
    [Theory]
    [InlineData("database")]
    [InlineData("backup_file")]
    [InlineData("host")]
    [InlineData("timestamp")]
    [InlineData("backup_tool_version")]
    public void RefusesNamesThatAreNone(string key)
    {
        JsonObject json = JsonNode.Parse(Sample().Serialize())!.AsObject();
        json[key] = new string('x', 1 << 16);
        Invalid(Sign(json.ToJsonString(new JsonSerializerOptions { WriteIndented = true })), "a name in it is longer than");
    }

    /// <summary>What is longer than any manifest is refused by its length, unread.</summary>
    [Fact]
    public void RefusesWhatIsLongerThanAny()
    {
        string path = Write([]);
        using (FileStream file = File.OpenWrite(path))
        {
            file.SetLength(1L << 40);
        }

        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => BackupManifest.Read(path));
        Assert.Equal(CryoBackupError.ManifestInvalid, failure.Error);
        Assert.Contains("more than any manifest", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>Whoever writes one leaves room for its checksum; without it nothing would find a changed byte.</summary>
    [Fact]
    public void IsNotWrittenWithoutAChecksum() =>
        Assert.Throws<InvalidOperationException>(() => (Sample() with { ManifestSha256 = null }).Serialize());

    [Fact]
    public void ThrowsNothingButItsOwn()
    {
        // Of ours and of the predecessor's form, whose content nothing protects; and signed anew, as no accident is.
        byte[] ours = Sample().Serialize();
        byte[] predecessor =
            """
            {
              "timestamp": "2025-01-01T02:03:04.5",
              "database": "a",
              "backup_file": "b",
              "size_bytes": 359,
              "port": 5432
            }
            """u8.ToArray();
        var mutator = new Mutator(17);
        int refused = 0;
        int rounds = Thoroughness.Of(600, 6000);
        for (int round = 0; round < rounds; round++)
        {
            byte[] input = mutator.Mutate(round % 2 == 0 ? ours : predecessor);
            if (round % 6 == 0 && input.AsSpan().LastIndexOf("\"manifest_sha256\": \""u8) is >= 0 and var at && at + 90 < input.Length)
            {
                input = Sign(Encoding.Latin1.GetString(input));
            }

            try
            {
                string path = Write(input);
                var manifest = BackupManifest.Read(path);
                BackupCatalog.ToInfo(manifest, path, path);
            }
            catch (CryoBackupException exception)
            {
                Assert.Equal(CryoBackupError.ManifestInvalid, exception.Error);
                refused++;
            }
        }

        Assert.InRange(refused, rounds / 2, rounds - 1);
    }
}
