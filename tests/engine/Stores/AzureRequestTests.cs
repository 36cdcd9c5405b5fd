using System.Globalization;
using System.Security.Cryptography;
using CryoBackup.Processes;
using CryoBackup.Storage;
using CryoBackup.Tests.Kept;

namespace CryoBackup.Tests.Stores;

/// <summary>
/// What no server here has of Azure: immutability, legal holds, identities of machines and workloads. The tool speaks to the names of the
/// public cloud, through a proxy, and its requests are those of Microsoft's documentation, byte for byte. Not tried: the endpoint of Azure
/// Arc, which shows who asks a file of its own folder on the machine.
/// </summary>
[Collection(RealStoreTests.Name)]
[Trait("Runs", "Once")]
public sealed class AzureRequestTests : IDisposable
{
    private const string Tenant = "11111111-2222-3333-4444-555555555555";
    private const string Client = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";

    private const string Listing = """
        GET /backups?restype=container&comp=list&prefix=db%2F&delimiter=%2F HTTP/1.1
        Accept: application/xml
        Authorization: Bearer canary-token-of-the-identity
        Host: account.blob.core.windows.net
        User-Agent: <>
        x-ms-client-request-id: <>
        x-ms-return-client-request-id: true
        x-ms-version: <>
        """;

    private const string Putting = """
        PUT /backups/db/app_20260101_000000_full.dump.gz.meta.json?sv=2024-11-04&sp=rwlac&se=2030-01-01&sig=canary%2Fsignature%3D HTTP/1.1
        Accept: application/xml
        Content-Length: <>
        Content-MD5: <>
        Content-Type: application/octet-stream
        Host: account.blob.core.windows.net
        If-None-Match: *
        User-Agent: <>
        x-ms-blob-type: BlockBlob
        x-ms-client-request-id: <>
        x-ms-immutability-policy-mode: Locked
        x-ms-immutability-policy-until-date: <>
        x-ms-meta-cryobackup_upload: <>
        x-ms-return-client-request-id: true
        x-ms-version: <>
        """;

    // What is another one each time, or with each version of the vendor's library.
    private static readonly string[] Changing =
    [
        "User-Agent",
        "x-ms-client-request-id",
        "x-ms-meta-cryobackup_upload",
        "x-ms-immutability-policy-until-date",
        "Content-MD5",
        "Content-Length",
        "x-ms-version",
        "x-client-Ver",
    ];

    private static readonly string Tool = Path.Combine(AppContext.BaseDirectory, "../../../../tool/cryobackup");
    private readonly TemporaryFolder _folder = new();
    private readonly MiniAzure _azure = new();
    private readonly Impostor _impostor = new("*.blob.core.windows.net", "login.microsoftonline.com");

    public AzureRequestTests() => _impostor.Answer = _azure.Answer;

    public void Dispose()
    {
        _impostor.Dispose();
        _folder.Dispose();
    }

    /// <summary>The managed identity of the machine, by the endpoint that only the machine reaches.</summary>
    [LinuxFact]
    public void ByTheIdentityOfTheMachine()
    {
        Assert.True(Run("list azblob://account/backups/db", []) == 0, Said());
        ImpostorRequest[] seen = [.. _impostor.Seen];
        Assert.All(seen[..^1], request => Assert.Equal("169.254.169.254", request.Target.Host));

        // The first ones only ask whether anybody is there.
        Assert.All(seen[..^2], request => Assert.Null(request.Header("Metadata")));
        Assert.Equal(
            """
            GET http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://storage.azure.com HTTP/1.1
            Host: 169.254.169.254
            Metadata: true
            User-Agent: <>
            x-client-SKU: MSAL.NetCore
            x-client-Ver: <>
            x-ms-client-request-id: <>
            x-ms-return-client-request-id: true
            """,
            seen[^2].Form(Changing)
        );
        Assert.Equal(Listing, seen[^1].Form(Changing));
    }

    /// <summary>A workload's identity shows the token of its platform, an application its secret; neither is said anywhere.</summary>
    [LinuxTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void ByTheIdentityOfAWorkloadAndOfAnApplication(bool isWorkload)
    {
        const string Secret = "canary+secret";
        var environment = new Dictionary<string, string?> { ["AZURE_TENANT_ID"] = Tenant, ["AZURE_CLIENT_ID"] = Client };
        environment[isWorkload ? "AZURE_FEDERATED_TOKEN_FILE" : "AZURE_CLIENT_SECRET"] = isWorkload
            ? _folder.Write("token", Secret)
            : Secret;
        Assert.True(Run("list azblob://account/backups/db --verbose", environment) == 0, Said());
        ImpostorRequest asked = _impostor.Seen.Single(request => request.Method == "POST");
        Assert.Equal($"https://login.microsoftonline.com/{Tenant}/oauth2/v2.0/token", asked.Target.AbsoluteUri);
        Assert.Equal("application/x-www-form-urlencoded", asked.Header("Content-Type"));
        string proof = isWorkload
            ? "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion="
            : "client_secret=";
        Assert.StartsWith(
            $"client_id={Client}&{proof}canary%2Bsecret&scope=https%3A%2F%2Fstorage.azure.com%2F.default&",
            asked.Text,
            StringComparison.Ordinal
        );
        Assert.Contains("&grant_type=client_credentials", asked.Text, StringComparison.Ordinal);
        Assert.Equal(Listing, _impostor.Seen.Last().Form(Changing));
        Assert.DoesNotContain(Secret, Said(), StringComparison.Ordinal);
    }

    /// <summary>Each file is put immutable, in one request and in blocks; what is noted beside it is not.</summary>
    [LinuxTheory]
    [InlineData(100)]
    [InlineData(9 << 20)]
    public void WhatIsPutIsImmutableWhereThatIsAskedFor(int length)
    {
        string backup = Backup(length);
        string config = _folder.Write(
            "c.yaml",
            """
            copies: ["azblob://account/backups/db"]
            azure: {immutability_mode: locked, immutability_days: 30}
            """
        );
        string until = DateTime.UtcNow.AddDays(29).ToString("R", CultureInfo.InvariantCulture);
        _azure.OfBlobs = [("x-ms-immutability-policy-mode", "locked"), ("x-ms-immutability-policy-until-date", until)];
        Assert.True(Run($"copy {backup} --config {config} --json", Sas()) == 0, Said());
        ImpostorRequest[] puts = [.. _impostor.Seen.Where(request => request.Method == "PUT")];
        ImpostorRequest[] made =
        [
            .. puts.Where(request =>
                    request.Line.Contains("full.dump.gz?", StringComparison.Ordinal)
                    || request.Line.Contains(".meta.json?", StringComparison.Ordinal)
                )
                .Where(request => !request.Line.Contains("comp=block&", StringComparison.Ordinal)),
        ];
        Assert.Equal(2, made.Length);
        Assert.Equal(Putting, made[1].Form(Changing));
        Assert.All(
            made,
            request =>
            {
                Assert.Equal("*", request.Header("If-None-Match"));
                Assert.Equal("Locked", request.Header("x-ms-immutability-policy-mode"), ignoreCase: true);
                var end = DateTime.ParseExact(
                    request.Header("x-ms-immutability-policy-until-date")!,
                    "R",
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal
                );
                Assert.InRange(end, DateTime.UtcNow.AddDays(29.9), DateTime.UtcNow.AddDays(30.1));
            }
        );
        Assert.All(puts.Except(made), request => Assert.Null(request.Header("x-ms-immutability-policy-mode")));
        Assert.Equal(length > 1000, puts.Any(request => request.Line.Contains("comp=blocklist", StringComparison.Ordinal)));

        // Read back: a state of the backup.
        Assert.Contains(
            DateTime.UtcNow.AddDays(29).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            Printed(),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("canary", Said() + Printed(), StringComparison.Ordinal);
    }

    /// <summary>The store's own hold is put on each blob by the request of the documentation.</summary>
    [LinuxFact]
    public void ALegalHoldIsTheStoresOwn()
    {
        string backup = Backup(100);
        Assert.True(Run($"copy {backup} -o azblob://account/backups/db", Sas()) == 0, Said());
        _impostor.Seen.Clear();
        string name = Path.GetFileName(backup);
        Assert.True(Run($"protect azblob://account/backups/db/{name} --reason audit --legal-hold", Sas()) == 0, Said());
        ImpostorRequest[] held = [.. _impostor.Seen.Where(request => request.Line.Contains("comp=legalhold", StringComparison.Ordinal))];
        Assert.Equal(2, held.Length);
        Assert.All(held, request => Assert.Equal(("PUT", "true"), (request.Method, request.Header("x-ms-legal-hold"))));
    }

    private static Dictionary<string, string?> Sas() =>
        new() { ["AZURE_STORAGE_SAS_TOKEN"] = "sv=2024-11-04&sp=rwlac&se=2030-01-01&sig=canary%2Fsignature%3D" };

    private string Backup(int length)
    {
        BackupManifest manifest = KeptManifest.Of(1, hasGlobals: false, "app");
        byte[] content = new byte[length];
        new Random(1).NextBytes(content);
        string path = Path.Combine(_folder.Path, manifest.BackupFile);
        File.WriteAllBytes(path, content);
        BackupManifest described = manifest with
        {
            SizeBytes = length,
            Sha256 = Convert.ToHexString(SHA256.HashData(content)).ToLowerInvariant(),
        };
        File.WriteAllBytes(path + BackupFileName.ManifestSuffix, described.Serialize());
        return path;
    }

    private string Printed() => File.ReadAllText(Path.Combine(_folder.Path, "out"));

    private string Said() => File.ReadAllText(Path.Combine(_folder.Path, "err"));

    private int Run(string arguments, Dictionary<string, string?> environment)
    {
        environment["https_proxy"] = _impostor.Address;
        environment["http_proxy"] = _impostor.Address;
        environment["SSL_CERT_FILE"] = _impostor.Trust;
        environment["XDG_DATA_HOME"] = Path.Combine(_folder.Path, "data");
        string line = $"exec {Tool} {arguments} >{_folder.Path}/out 2>{_folder.Path}/err";
        return ToolProcess.Run(new ToolCommand("/bin/sh", "-c", line) { Environment = environment }, CancellationToken.None).ExitCode;
    }
}
