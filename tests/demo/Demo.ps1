#Requires -Version 7.4
<#
.SYNOPSIS
    What CryoBackup does, shown with the module and PostgreSQL's own programs on a throwaway server.
.DESCRIPTION
    Run by build.ps1 -Task Demo: CryoBackup.Scratch starts the server, fills the database cryoprotect and sets PGHOST, PGPORT, PGUSER.
    Every step says beforehand how it must end; the demo fails if one ends otherwise. The last lines sum up what was shown.
#>
[CmdletBinding()]
param(
    # The module as built.
    [string] $ModulePath = (Join-Path $PSScriptRoot '../../output/CryoBackup/CryoBackup.psd1'),

    # Where the backups are left. It is emptied first.
    [string] $OutputPath = (Join-Path $PSScriptRoot '../../output/demo'),

    # Takes what is printed, too.
    [string] $TranscriptPath
)

# Itself once more, with what it prints also in a file.
if ($TranscriptPath) {
    & $PSCommandPath -ModulePath $ModulePath -OutputPath $OutputPath | Tee-Object -FilePath $TranscriptPath
    return
}

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true
$PSStyle.OutputRendering = 'PlainText'

function Write-Heading([string] $Text) { "`n`n$Text`n$('=' * $Text.Length)" }

# Shows a command and what it gives, as a user with a window of 120 columns sees it; -Name keeps the objects in a variable of the script.
function Show-Step([scriptblock] $Command, [string] $Name) {
    "`nPS> $("$Command".Trim())"
    $objects = @(& $Command)
    if ($Name) { Set-Variable -Scope Script -Name $Name -Value $objects }
    ($objects | Out-String -Width 120).Trim("`r`n")
}

# Shows a command that must end in the one error.
function Show-Error([string] $ErrorId, [scriptblock] $Command) {
    "`nPS> $("$Command".Trim())"
    try {
        $null = & $Command
    } catch {
        if (($_.FullyQualifiedErrorId -split ',')[0] -ne $ErrorId) {
            throw "NOT AS PROMISED: the error is $($_.FullyQualifiedErrorId) instead of $ErrorId. $_"
        }
        "${ErrorId}: $_"
        if ($_.ErrorDetails -and $_.ErrorDetails.RecommendedAction) { "Recommended: $($_.ErrorDetails.RecommendedAction)" }
        return
    }
    throw "NOT AS PROMISED: no error, where $ErrorId was expected."
}

# Shows a file that must be Failed by a verification, and refused by a restore that leaves the server as it was.
function Show-Refusal([string] $Path, [string] $ErrorId) {
    Show-Step ([scriptblock]::Create("Test-CryoBackup $Path | Format-List Verdict, Reason")) verdict
    $result = Test-CryoBackup $Path
    if ("$($result.Verdict)" -ne 'Failed' -or $result.IsValid) { throw "NOT AS PROMISED: the verdict is $($result.Verdict) instead of Failed." }
    Show-Error $ErrorId ([scriptblock]::Create("Restore-CryoBackup $Path -TargetDatabase never -Create -Confirm:`$false"))
    if (psql -XAt -d postgres -c "SELECT datname FROM pg_database WHERE datname = 'never'") { throw 'NOT AS PROMISED: a database was made from a bad backup.' }
    'The server was not touched: there is no database never.'
}

# The SHA-256 of the database as SQL text. Recent versions begin and end it with a random key, which is no content.
function Get-TextHash([string] $Database) {
    $file = Join-Path $folder "$Database.sql"
    pg_dump --dbname=$Database --file=$file
    $text = [IO.File]::ReadAllText($file) -replace '(?m)^\\(un)?restrict .*$'
    Remove-Item -LiteralPath $file
    [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData([Text.Encoding]::UTF8.GetBytes($text)))
}

function Assert-SameText([string] $Database) {
    $copy = Get-TextHash $Database
    "`n$source  SHA-256 of pg_dump cryoprotect`n$copy  SHA-256 of pg_dump $Database"
    if ($source -ne $copy) { throw "NOT AS PROMISED: $Database differs from cryoprotect." }
    'The same text: every object and every row came back.'
    $script:restoredAs = @($restoredAs) + $Database | Select-Object -Unique
}

if (Test-Path -LiteralPath $OutputPath) { Remove-Item -LiteralPath $OutputPath -Recurse }
$folder = (New-Item -ItemType Directory -Path $OutputPath).FullName
Import-Module $ModulePath -Force
Set-Location -LiteralPath $folder
$clock = [Diagnostics.Stopwatch]::StartNew()
$source = Get-TextHash cryoprotect
$restoredAs = @()

Write-Heading 'A backup'
"The database cryoprotect stands for yours: 200,000 readings, $(psql -XAt -d cryoprotect -c "
    SELECT count(*) FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'lab'::regnamespace)") relations, a large object, roles, row security."
Show-Step { New-CryoBackup cryoprotect -Path backups } backup
Show-Step { $backup.Tables | Select-Object -First 8 | Format-Table }

Write-Heading 'Its proof, from the file alone'
Show-Step { $backup | Test-CryoBackup } proof
Show-Step { $proof.Checks | Format-Table Name, Outcome, Detail }

Write-Heading 'Its rehearsal: restored into a throwaway server, all of it compared'
Show-Step { $backup | Test-CryoBackup -Level Restore } rehearsal
Show-Step { $rehearsal.Checks | Format-Table Name, Outcome, Detail }
foreach ($result in $proof[0], $rehearsal[0]) {
    if (-not $result.IsValid) { throw "NOT AS PROMISED: the verdict is $($result.Verdict) instead of Passed." }
}

Write-Heading 'The whole line: back up, prove, restore into a second database'
Show-Step {
    New-CryoBackup cryoprotect -Path backups | Test-CryoBackup | Where-Object IsValid |
        Restore-CryoBackup -TargetDatabase cryoprotect_copy -Create -Confirm:$false
}
Assert-SameText cryoprotect_copy

Write-Heading 'Without CryoBackup, by stock tools'
if ((Get-Command gunzip -ErrorAction Ignore) -and (Get-Command sh -ErrorAction Ignore)) {
    # The line names the file without its folder, as the manifest stands beside it.
    $line = (Get-Content -LiteralPath $backup.ManifestPath -Raw | ConvertFrom-Json).open_with -replace '\bNAME\b', 'cryoprotect_stock'
    "The manifest says: $line"
    createdb --template=template0 --encoding=UTF8 cryoprotect_stock
    sh -c "cd backups && $line"
    Assert-SameText cryoprotect_stock
} else {
    'Left out: this machine has no gunzip.'
}

Write-Heading 'A file that is not there'
Show-Refusal ./backups/no_such_backup.dump.gz BackupNotFound

Write-Heading 'A corrupt file: text, not an archive'
$null = New-Item -ItemType Directory -Path damaged
Set-Content -LiteralPath damaged/corrupt.dump.gz -Value 'This is a corrupt backup file'
Show-Refusal ./damaged/corrupt.dump.gz NotABackup

Write-Heading 'One byte changed in a good backup'
Copy-Item -LiteralPath $backup.Path, $backup.ManifestPath -Destination damaged
$flipped = Join-Path $folder "damaged/$(Split-Path -Leaf $backup.Path)"
$bytes = [IO.File]::ReadAllBytes($flipped)
$bytes[$bytes.Length / 2] = $bytes[$bytes.Length / 2] -bxor 1
[IO.File]::WriteAllBytes($flipped, $bytes)
Show-Refusal "./damaged/$(Split-Path -Leaf $flipped)" HashMismatch

Write-Heading 'A database that is not empty'
Show-Error DatabaseNotEmpty { Restore-CryoBackup backups -Latest -Database cryoprotect -TargetDatabase cryoprotect_copy -Confirm:$false }
Assert-SameText cryoprotect_copy

$facts = $backup[0]
$restored = ($rehearsal.Checks | Where-Object Name -EQ restore).Detail
$passed = $proof, $rehearsal | ForEach-Object { @($_.Checks | Where-Object { "$($_.Outcome)" -eq 'Passed' }).Count }
$root = (Resolve-Path -LiteralPath (Join-Path $PSScriptRoot '../..')).ProviderPath
$invariant = [cultureinfo]::InvariantCulture
"`
`
Everything ended as it must, in $($clock.Elapsed.TotalSeconds.ToString('0', $invariant)) seconds:"
[string]::Format($invariant, '  backed up   cryoprotect: {0} tables with {1:N0} rows in {2:N1} MB', $facts.TableCount, $facts.RowCount, $facts.Size / 1MB)
"  proven      from the file alone, without a server: $($passed[0]) checks passed"
"  rehearsed   $($passed[1]) checks passed; restored $restored"
"  restored    as $($restoredAs -join ' and '); pg_dump of each equals the source's byte for byte"
'  refused     a file that is not there, a corrupt one, one with a changed byte, a database that is not empty'
"  the files   $folder"
"  next        Import-Module $root/output/CryoBackup; Get-Help about_CryoBackup; ./build.sh test"
