using System.Globalization;
using CryoBackup.Configuration;

namespace CryoBackup.Tests.Configuration;

/// <summary>What the errors about a file keep to themselves, and files that end anywhere or are not there.</summary>
[Trait("Runs", "Once")]
public sealed class SilentErrorTests
{
    /// <summary>Wherever a secret stands that belongs elsewhere, the error says where and what kind of thing, and not the secret.</summary>
    [Theory]
    [InlineData("database:\n  port: {0}\n")]
    [InlineData("database:\n  ssl_mode: {0}\n")]
    [InlineData("database:\n  password:{0}\n")]
    [InlineData("database: {{password:{0}}}\n")]
    [InlineData("database: {{ {0} }}\n")]
    [InlineData("database:\n  password: *{0}\n")]
    [InlineData("database:\n  password: !{0}\n")]
    [InlineData("database:\n  password: %{0}\n")]
    [InlineData("database:\n  password: @{0}\n")]
    [InlineData("database:\n  password: [{0}]\n")]
    [InlineData("database:\n  password: \"{0}\n")]
    [InlineData("database:\n  password: ${{{0} }}\n")]
    [InlineData("database:\n  {0}: a\n  {0}: b\n")]
    [InlineData("databases: [{0}, {0}]\n")]
    [InlineData("compression:\n  level: {0}\n")]
    [InlineData("backup:\n  timeout: {0}\n")]
    [InlineData("encryption:\n  enabled: {0}\n")]
    [InlineData("notifications:\n  email: {{from: '{0} x', to: a@b.example, smtp_server: s}}\n")]
    [InlineData("notifications:\n  webhook: {{url: '{0}'}}\n")]
    [InlineData("notifications:\n  webhook:\n    url: https://a.example\n    headers: {{Authorization: [{0}]}}\n")]
    [InlineData("notifications:\n  webhook:\n    url: https://a.example\n    headers: {{Authorization:{0}}}\n")]
    [InlineData("{0}")]
    [InlineData("- {0}\n")]
    [InlineData("a: |{0}\n")]
    public void NoErrorShowsAValue(string text)
    {
        foreach (string canary in new[] { "canary7secret", "9182736455463728", "ca'na\"ry" })
        {
            // In quotes that it closes, some are another text, and may even be right.
            using var folder = new TemporaryFolder();
            string path = folder.Write("backup_config.yaml", string.Format(CultureInfo.InvariantCulture, text, canary));
            Exception? failure = Record.Exception(() =>
                ConfigurationFile.Read(path, static _ => { }, static _ => null).Require(ConfigurationUse.Check)
            );
            string told = failure is CryoBackupException known ? known.Message + known.Remedy : failure?.Message ?? "";
            Assert.DoesNotContain(canary, told.Replace(path, "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public void EveryCutOfAGoodFileIsReadOrRefused()
    {
        string text = ConfigurationExample.Create().Replace("#", "", StringComparison.Ordinal);
        var errors = new ConfigurationErrors("/cut.yaml");
        for (int length = 1; length < text.Length; length += 7)
        {
            try
            {
                ConfigurationFile.Read(text[..length], errors, _ => { }, _ => "value");
            }
            catch (CryoBackupException exception)
            {
                Assert.Equal(CryoBackupError.ConfigurationInvalid, exception.Error);
            }
        }
    }

    [Fact]
    public void MissingFileAndFolderAreNamed()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(
            "does not exist",
            Assert.Throws<CryoBackupException>(() => ConfigurationFile.Read(Path.Combine(folder.Path, "none.yaml"), _ => { })).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "is a folder",
            Assert.Throws<CryoBackupException>(() => ConfigurationFile.Read(folder.Path, _ => { })).Message,
            StringComparison.Ordinal
        );
    }
}
