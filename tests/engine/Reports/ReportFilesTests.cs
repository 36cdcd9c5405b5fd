using System.Text.Json;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Reports;
using CryoBackup.Runs;

namespace CryoBackup.Tests.Reports;

/// <summary>Where reports go, and that none is ever overwritten.</summary>
public sealed class ReportFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void SchemasRefuseWhatIsWrong()
    {
        var run = new RunRecord
        {
            Kind = RunKind.Verification,
            Start = SampleResults.Noon,
            End = SampleResults.Noon,
        };
        run.Items.Add(RunItem.Of(SampleResults.Verification()));
        string json = System.Text.Encoding.UTF8.GetString(ReportJson.Serialize(VerificationReport.Of(run)));
        Assert.Empty(Faults(json));
        Assert.NotEmpty(Faults(json.Replace("\"passed\": 1", "\"passed\": -1", StringComparison.Ordinal)));
        Assert.NotEmpty(Faults(json.Replace("\"status\": \"passed\"", "\"status\": \"good\"", StringComparison.Ordinal)));
        Assert.NotEmpty(Faults(json.Replace("\"file\":", "\"File\":", StringComparison.Ordinal)));
        Assert.NotEmpty(Faults(json.Replace("\"file_integrity\": true", "\"file_integrity\": null", StringComparison.Ordinal)));

        static IReadOnlyList<string> Faults(string text) =>
            JsonSchema.Shipped("verification-report.schema.json").Check(JsonDocument.Parse(text).RootElement);
    }

    [Fact]
    public void DistinctNamesWithinOneSecond()
    {
        var files = new List<string>();
        for (int i = 0; i < 3; i++)
        {
            byte content = (byte)i;
            files.AddRange(
                ReportFiles
                    .InFolder(Path.Combine(_folder.Path, "new"), html: true)
                    .Write("verification", SampleResults.Noon, () => [content], () => [content])
            );
        }

        Assert.Equal(
            [
                "verification_20260131_120000.json",
                "verification_20260131_120000.html",
                "verification_20260131_120000_2.json",
                "verification_20260131_120000_2.html",
                "verification_20260131_120000_3.json",
                "verification_20260131_120000_3.html",
            ],
            files.Select(Path.GetFileName)
        );
        Assert.Equal([0, 0, 1, 1, 2, 2], files.Select(path => (int)Assert.Single(File.ReadAllBytes(path))));
    }

    [Fact]
    public async Task DistinctNamesOfManyAtOnce()
    {
        string[] files = await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(number =>
                    Task.Run(() =>
                        ReportFiles
                            .InFolder(_folder.Path, html: false)
                            .Write("restore", SampleResults.Noon, () => [(byte)number], () => [])[0]
                    )
                )
        );
        Assert.Equal(8, files.Distinct().Count());
        Assert.Equal(Enumerable.Range(0, 8), files.Select(path => (int)File.ReadAllBytes(path)[0]));
    }

    [Theory]
    [InlineData("proof.json", "{")]
    [InlineData("proof.HTML", "<!DOCTYPE html>")]
    public void NamedByTheUser(string name, string begins)
    {
        string path = Path.Combine(_folder.Path, "deep", name);
        VerificationResult result = SampleResults.Verification();
        using var evidence = new RecordedRun(RunKind.Verification, null, path);
        Assert.True(evidence.HoldsResults);
        evidence.Add(result);
        evidence.Finish(message => Assert.Fail(message.ToString()), CancellationToken.None);
        Assert.Equal(Path.ChangeExtension(path, Path.GetExtension(path).ToLowerInvariant()), result.ReportPath);
        Assert.StartsWith(begins, File.ReadAllText(result.ReportPath!), StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void NamedFolder()
    {
        VerificationResult result = SampleResults.Verification();
        using var evidence = new RecordedRun(RunKind.Verification, null, _folder.Path);
        evidence.Add(result);
        evidence.Finish(message => Assert.Fail(message.ToString()), CancellationToken.None);
        Assert.Equal(_folder.Path, Path.GetDirectoryName(result.ReportPath));
    }

    [Theory]
    [InlineData("proof.txt", CryoBackupError.ConfigurationInvalid, "neither in .json nor in .html")]
    [InlineData("there.json", CryoBackupError.DestinationNotWritable, "exists already")]
    public void RefusedBeforeAnythingIsDone(string name, CryoBackupError error, string words)
    {
        _folder.Write("there.json", "mine");
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            new RecordedRun(RunKind.Restore, null, Path.Combine(_folder.Path, name))
        );
        Assert.Equal(error, failure.Error);
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.Remedy);
        Assert.Equal("mine", File.ReadAllText(Path.Combine(_folder.Path, "there.json")));
    }

    [Fact]
    public void ThatCannotBeWrittenIsAWarning()
    {
        string file = _folder.Write("file", "");
        var configuration = new BackupConfiguration { Reports = new ReportSettings { VerificationDir = Path.Combine(file, "reports") } };
        VerificationResult result = SampleResults.Verification();
        var messages = new List<EngineMessage>();
        using var evidence = new RecordedRun(RunKind.Verification, configuration, null);
        evidence.Add(result);
        evidence.Finish(messages.Add, CancellationToken.None);
        Assert.True(result.IsValid);
        Assert.Null(result.ReportPath);
        string warning = Assert.Single(result.Warnings);
        Assert.StartsWith("The report could not be written: ", warning, StringComparison.Ordinal);
        Assert.Equal([new WarningMessage(warning)], messages);
    }

    [Fact]
    public void NothingWithoutAConfigurationOrAPath()
    {
        using var evidence = new RecordedRun(RunKind.Verification, null, null);
        Assert.False(evidence.HoldsResults);
        VerificationResult result = SampleResults.Verification();
        evidence.Add(result);
        evidence.Finish(message => Assert.Fail(message.ToString()), CancellationToken.None);
        Assert.Null(result.ReportPath);
    }
}
