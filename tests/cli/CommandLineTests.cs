using System.Runtime.CompilerServices;
using System.Text.Json;

namespace CryoBackup.Cli.Tests;

public sealed class CommandLineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cryobackup-cli-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("Required command", new string[0])]
    [InlineData("No database is named", new[] { "new" })]
    [InlineData("All databases are asked for, and 'a' by name too", new[] { "new", "a", "--all" })]
    [InlineData("No backup is named", new[] { "test" })]
    [InlineData("one backup file", new[] { "restore", "a", "b", "-d", "x" })]
    [InlineData("--target-database", new[] { "restore", "a" })]
    [InlineData("--script is the SQL of a plan", new[] { "restore", "a", "-d", "x", "--create", "--script" })]
    [InlineData("'deep' is not a value of --level", new[] { "test", "a", "--level", "deep" })]
    [InlineData("'5x' is not a length of time", new[] { "new", "a", "--timeout", "5x" })]
    [InlineData("'many' is not a value of --port", new[] { "new", "a", "--port", "many" })]
    [InlineData("--quiet and --json exclude each other", new[] { "test", "a", "--quiet", "--json" })]
    [InlineData("--latest and --max-age exclude each other", new[] { "test", "a", "--latest", "--max-age", "26h" })]
    [InlineData("Databases are chosen among the backups of a folder", new[] { "test", "a.dump", "--database", "app" })]
    [InlineData("No folder and no backup is named", new[] { "remove" })]
    [InlineData("'x' is not a value of --keep-daily", new[] { "remove", ".", "--keep-daily", "x" })]
    [InlineData("Nothing says what of", new[] { "remove", "." })]
    [InlineData("--force is for single backups", new[] { "remove", ".", "--force" })]
    [InlineData("knows no time zone", new[] { "remove", ".", "--keep-last", "1", "--time-zone", "Mars/Olympus" })]
    [InlineData("'soon' is no time", new[] { "protect", "a", "--until", "soon" })]
    [InlineData("No backup is named", new[] { "unprotect" })]
    [InlineData("frob", new[] { "frob" })]
    public void Wrong_usage_is_named_and_ends_with_2(string named, string[] arguments)
    {
        (int exitCode, string output, string errors) = Tool.Run(arguments);

        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.StartsWith("cryobackup: ", errors, StringComparison.Ordinal);
        Assert.Contains(named, errors, StringComparison.Ordinal);
        Assert.Contains("Remedy: ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unreadable_password_file_is_a_fault_of_configuration()
    {
        string file = Path.Combine(_folder, "absent");

        (int exitCode, _, string errors) = Tool.Run("new", "app", "--path", _folder, "--password-file", file);

        Assert.Equal(2, exitCode);
        Assert.Contains(file, errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mistyped or cut", "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8q")]
    [InlineData("does not exist", "no-such-file.txt")]
    [InlineData("empty recipient", "")]
    public void A_recipient_that_is_none_is_a_fault_of_configuration(string named, string recipient)
    {
        string folder = Path.Combine(_folder, "backups");

        (int exitCode, _, string errors) = Tool.Run("new", "app", "--path", folder, "--recipient", recipient);

        Assert.Equal(2, exitCode);
        Assert.Contains(named, errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public void An_identity_that_is_missing_is_named()
    {
        string file = Path.Combine(_folder, "absent.txt");

        (int exitCode, _, string errors) = Tool.Run("test", Path.Combine(_folder, "one.dump.gz.age"), "--identity", file);

        Assert.Equal(1, exitCode);
        Assert.Contains(file, errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_backup_gets_the_verdict_Failed_and_the_others_are_still_tested()
    {
        string[] paths = [Path.Combine(_folder, "one.dump.gz"), Path.Combine(_folder, "two.dump.gz")];

        (int exitCode, string output, _) = Tool.Run(["test", .. paths, "--json"]);

        Assert.Equal(3, exitCode);
        using var results = JsonDocument.Parse(output);
        Assert.Equal(paths, results.RootElement.EnumerateArray().Select(result => result.GetProperty("path").GetString()!));
        Assert.All(results.RootElement.EnumerateArray(), result => Assert.Equal("Failed", result.GetProperty("verdict").GetString()));
    }

    [Fact]
    public void Quiet_leaves_only_the_exit_code()
    {
        (int exitCode, string output, _) = Tool.Run("test", Path.Combine(_folder, "one.dump.gz"), "--quiet");

        Assert.Equal(3, exitCode);
        Assert.Empty(output);
    }

    [Fact]
    public void A_pattern_stands_for_the_files_that_match_it()
    {
        File.WriteAllText(Path.Combine(_folder, "b.dump"), "text");
        File.WriteAllText(Path.Combine(_folder, "a.dump"), "text");
        File.WriteAllText(Path.Combine(_folder, "other.txt"), "text");

        (_, string output, _) = Tool.Run("test", Path.Combine(_folder, "*.dump"), "--json");

        using var results = JsonDocument.Parse(output);
        Assert.Equal(
            ["a.dump", "b.dump"],
            results.RootElement.EnumerateArray().Select(result => Path.GetFileName(result.GetProperty("path").GetString()))
        );
    }

    [Fact]
    public void A_folder_stands_for_its_backups_and_a_manifest_for_the_one_it_describes()
    {
        File.WriteAllText(Path.Combine(_folder, "a.dump"), "text");
        File.WriteAllText(Path.Combine(_folder, "a.dump.meta.json"), "{}");
        File.WriteAllText(Path.Combine(_folder, "b.dump.partial"), "text");

        foreach (string[] paths in new string[][] { [_folder], Directory.GetFiles(_folder) })
        {
            (_, string output, _) = Tool.Run(["test", .. paths, "--json"]);

            using var results = JsonDocument.Parse(output);
            Assert.Equal(
                ["a.dump"],
                results.RootElement.EnumerateArray().Select(result => Path.GetFileName(result.GetProperty("path").GetString()))
            );
        }
    }

    [Theory]
    [InlineData(new[] { "--latest" }, new[] { "app_20260102_000000_full.dump", "crm_20260101_000000_full.dump" })]
    [InlineData(new[] { "--latest", "--database", "a*" }, new[] { "app_20260102_000000_full.dump" })]
    [InlineData(new[] { "-d", "app" }, new[] { "app_20260101_000000_full.dump", "app_20260102_000000_full.dump" })]
    public void Of_a_folder_the_newest_or_those_of_a_database_are_tested(string[] options, string[] expected)
    {
        foreach (string name in new[] { "app_20260101_000000_full.dump", "app_20260102_000000_full.dump", "crm_20260101_000000_full.dump" })
        {
            File.WriteAllText(Path.Combine(_folder, name), "text");
        }

        (_, string output, _) = Tool.Run(["test", _folder, "--json", .. options]);

        using var results = JsonDocument.Parse(output);
        Assert.Equal(
            expected,
            results.RootElement.EnumerateArray().Select(result => Path.GetFileName(result.GetProperty("path").GetString()))
        );
    }

    [Fact]
    public void A_folder_without_a_proven_backup_that_is_young_enough_is_Failed()
    {
        string config = Path.Combine(_folder, "c.yaml");
        File.WriteAllText(config, "databases: [app, crm]\nlocal_backup_dir: .\nverification: {max_age: 26h}\nreports: {enabled: false}\n");

        (int exitCode, string output, _) = Tool.Run("test", _folder, "--max-age", "26h");
        (int missing, _, _) = Tool.Run("test", _folder, "--max-age", "26h", "--database", "app", "--quiet");
        (int configured, string json, _) = Tool.Run("test", "--config", config, "--json");

        Assert.Equal((3, 3, 3), (exitCode, missing, configured));
        Assert.Contains("holds no backup at all", output, StringComparison.Ordinal);
        using var results = JsonDocument.Parse(json);
        Assert.Equal(["app", "crm"], results.RootElement.EnumerateArray().Select(result => result.GetProperty("database").GetString()));
    }

    [Fact]
    public void A_folder_without_a_backup_is_no_success()
    {
        (int exitCode, string output, _) = Tool.Run("test", _folder);

        Assert.Equal(3, exitCode);
        Assert.Contains("holds no backup at all", output, StringComparison.Ordinal);
    }

    /// <summary>The dead-man's switch on a share that is not mounted: each database that was asked for is Failed.</summary>
    [Theory]
    [InlineData("--max-age", "26h")]
    [InlineData("--max-age", "26h", "--level", "hash")]
    [InlineData("--latest")]
    [InlineData("--level", "content")]
    public void A_folder_that_is_missing_is_Failed_for_each_database_that_was_asked_for(params string[] options)
    {
        string folder = Path.Combine(_folder, "not mounted");
        string config = Path.Combine(_folder, "c.yaml");
        File.WriteAllText(config, "databases: [app, crm]\nlocal_backup_dir: not mounted\nreports: {enabled: false}\n");

        foreach (string[] place in new string[][] { [folder, "-d", "app", "-d", "crm"], ["--config", config] })
        {
            (int exitCode, string output, _) = Tool.Run(["test", .. place, .. options, "--json"]);

            Assert.Equal(3, exitCode);
            using var results = JsonDocument.Parse(output);
            Assert.Equal(["app", "crm"], results.RootElement.EnumerateArray().Select(result => result.GetProperty("database").GetString()));
            Assert.All(
                results.RootElement.EnumerateArray(),
                result =>
                {
                    Assert.Equal("Failed", result.GetProperty("verdict").GetString());
                    Assert.Contains("does not exist", result.GetProperty("reason").GetString(), StringComparison.Ordinal);
                }
            );
        }

        (int nameless, string one, _) = Tool.Run(["test", folder, .. options, "--json"]);
        Assert.Equal(3, nameless);
        using var alone = JsonDocument.Parse(one);
        Assert.Equal(1, alone.RootElement.GetArrayLength());
    }

    [Fact]
    public void A_list_names_the_database_that_is_not_there()
    {
        (int named, _, string error) = Tool.Run("list", _folder, "--database", "app", "--database", "other*");

        Assert.Equal(1, named);
        Assert.Contains("holds no backup of 'app'", error, StringComparison.Ordinal);
        Assert.DoesNotContain("other*", error, StringComparison.Ordinal);
    }

    private static string DataFile(string name, [CallerFilePath] string thisFile = "") =>
        Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "data", name);

    [Fact]
    public void A_backup_without_a_manifest_is_Inconclusive()
    {
        File.Copy(DataFile("pg_dump-18.3-none.dump"), Path.Combine(_folder, "a.dump"));

        (int exitCode, string output, _) = Tool.Run("test", _folder);

        Assert.Equal(4, exitCode);
        Assert.Contains("no manifest records what was written", output, StringComparison.Ordinal);
        Assert.Contains("--level", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_backup_is_not_copied_and_named() =>
        Assert.Contains(
            "none.dump.gz' does not exist",
            Tool.Run("copy", Path.Combine(_folder, "none.dump.gz"), "--destination", Path.Combine(_folder, "elsewhere")).Errors,
            StringComparison.Ordinal
        );

    /// <summary>Where backups lie may be a store; keys, servers and reports are this machine's.</summary>
    [Theory]
    [InlineData("new", "app", "--path", "s3://bucket?key=canary")]
    [InlineData("test", "s3://key:canary@bucket/prefix")]
    [InlineData("list", "azblob://account/container/prefix?sig=canary")]
    [InlineData("restore", "rclone://:sftp,pass=canary:path", "--target-database", "copy", "--create")]
    public void A_location_with_a_credential_is_refused_and_not_repeated(params string[] arguments)
    {
        (int exitCode, string output, string errors) = Tool.Run(arguments);
        Assert.Equal(2, exitCode);
        Assert.DoesNotContain("canary", output + errors, StringComparison.Ordinal);
        Assert.Contains("may be a credential", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_restore_of_a_missing_backup_is_an_error_with_a_remedy()
    {
        (int exitCode, string output, string errors) = Tool.Run(
            "restore",
            Path.Combine(_folder, "one.dump.gz"),
            "--target-database",
            "copy"
        );

        Assert.Equal(1, exitCode);
        Assert.Empty(output);
        Assert.Contains("one.dump.gz", errors, StringComparison.Ordinal);
        Assert.Contains("Remedy: ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_is_narrowed_and_widened()
    {
        string below = Directory.CreateDirectory(Path.Combine(_folder, "below")).FullName;
        File.WriteAllText(Path.Combine(below, "app_20260101_010000_full.dump.gz"), "1234");

        (int exitCode, string output, _) = Tool.Run("list", _folder, "--recurse", "--all", "--json");

        Assert.Equal(0, exitCode);
        JsonElement only = Assert.Single(JsonDocument.Parse(output).RootElement.EnumerateArray());
        Assert.Equal(("ManifestMissing", 4), (only.GetProperty("state").GetString(), only.GetProperty("size").GetInt32()));
        Assert.Equal("[]", Tool.Run("list", below, "--all", "--since", "1h", "--json").Output.Trim());
        Assert.Contains("app", Tool.Run("list", below, "--all", "--before", "2026-01-02").Output, StringComparison.Ordinal);
        (int refused, _, string errors) = Tool.Run("list", below, "--since", "yesterday");
        Assert.Equal(2, refused);
        Assert.Contains("'yesterday' is no point in time; give 2026-01-31", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_folder_lists_no_backup()
    {
        (int exitCode, string output, string errors) = Tool.Run("list", _folder);

        Assert.Equal((0, ""), (exitCode, output));
        Assert.Contains($"'{_folder}' holds no backup", errors, StringComparison.Ordinal);
        Assert.Equal("[]", Tool.Run("list", _folder, "--json").Output.Trim());
    }

    [Fact]
    public void A_missing_folder_fails_and_the_next_is_still_listed()
    {
        (int exitCode, string output, string errors) = Tool.Run("list", Path.Combine(_folder, "absent"), _folder, "--json");

        Assert.Equal(1, exitCode);
        Assert.Equal("[]", output.Trim());
        Assert.Contains("absent", errors, StringComparison.Ordinal);
    }
}
