BeforeDiscovery {
    $missing = 'age', 'age-keygen', 'ssh-keygen' | Where-Object { -not (Get-Command -Name $_ -CommandType Application -ErrorAction Ignore) }
    $skip = $IsWindows -or ($missing -and $env:CI -ne 'true')
    if ($missing) {
        Write-Warning "NOT INSTALLED: $($missing -join ', '). $(if ($skip) { 'Encryption is not tested here.' })"
    }
}

Describe 'An encrypted backup' -Skip:$skip {
    BeforeAll {
        . $PSScriptRoot/TestSupport.ps1
        Clear-TestDatabase app_copy
        Initialize-TestDatabase app
        Push-Location -LiteralPath $TestDrive

        # The code blocks of README's section, by their language, one string a block.
        function Get-ReadmeBlock([string] $Language) {
            $readme = Get-Content -LiteralPath (Join-Path $PSScriptRoot '../README.md') -Raw
            $section = [regex]::Match($readme, '(?ms)^### Encrypted$(.*?)^##').Groups[1].Value
            [regex]::Matches($section, "(?ms)^``````$Language\r?\n(.*?)^``````") | ForEach-Object { $_.Groups[1].Value }
        }

        $console = @(Get-ReadmeBlock 'console')
        & bash -euc $console[0] 2>$null
        if ($LASTEXITCODE -ne 0) {
            throw "README's commands that make a pair ended with $LASTEXITCODE."
        }

        $script:results = @(& ([scriptblock]::Create((Get-ReadmeBlock 'powershell' | Select-Object -First 1))))
        $backup = $results[0]
        & bash -euc 'age-keygen -o wrong.txt 2>/dev/null'
    }

    AfterAll {
        Pop-Location
        Clear-TestDatabase app_copy
        Clear-TestDatabase app
    }

    It 'is made, proven and restored by the commands of the README' {
        $results.Count | Should -Be 3
        $backup.Encrypted | Should -BeTrue
        $backup.Path | Should -BeLike '*_full.dump.gz.age'
        $backup.Tables | Should -BeNullOrEmpty
        $results[1].Verdict | Should -Be 'Passed'
        ($results[1].Checks | Where-Object Name -EQ 'encryption').Passed | Should -BeTrue
        $results[2].Status | Should -Be 'Restored'
        $results[2].Tables.Matches | Should -Not -Contain $false
        Invoke-Sql -Database app_copy 'SELECT count(*) FROM sample' | Should -Be '500'
    }

    It 'opens with the stock tools as the README says' {
        $line = ($console[1].Trim() -replace 'encrypted/\S+', "encrypted/$(Split-Path $backup.Path -Leaf)").Replace('NAME', 'app_copy', [System.StringComparison]::Ordinal)
        $line.Replace('identity.txt', 'IDENTITY').Replace('encrypted/', '').Replace('app_copy', 'NAME') |
            Should -BeExactly (Get-Content -LiteralPath $backup.ManifestPath -Raw | ConvertFrom-Json).open_with
        Clear-TestDatabase app_copy
        Invoke-Sql 'CREATE DATABASE app_copy TEMPLATE template0'
        $path = $env:PATH
        try {
            $env:PATH = $path + ':' + (Split-Path -Path (Get-PgTool 'pg_restore'))
            & bash -euo pipefail -c $line
            $LASTEXITCODE | Should -Be 0
        }
        finally {
            $env:PATH = $path
        }

        Invoke-Sql -Database app_copy 'SELECT count(*) FROM sample' | Should -Be '500'
    }

    It 'opens with the line that the manifest prints for PowerShell' {
        $line = (Get-Content -LiteralPath $backup.ManifestPath -Raw | ConvertFrom-Json).open_with_powershell
        $line = $line.Replace('NAME', 'app_copy', [System.StringComparison]::Ordinal).Replace('IDENTITY', '../identity.txt', [System.StringComparison]::Ordinal)
        Clear-TestDatabase app_copy
        Invoke-Sql 'CREATE DATABASE app_copy TEMPLATE template0'
        $path = $env:PATH
        Push-Location -LiteralPath (Split-Path -Path $backup.Path)
        try {
            $env:PATH = $path + ':' + (Split-Path -Path (Get-PgTool 'pg_restore'))
            Invoke-Shell -Command $line | Should -Be @('0', '0')
        }
        finally {
            Pop-Location
            $env:PATH = $path
        }

        Invoke-Sql -Database app_copy 'SELECT count(*) FROM sample' | Should -Be '500'
    }

    It 'is shown as encrypted' {
        $backup | Out-String | Should -Match ' encrypted '
        Get-CryoBackup ./encrypted | Out-String | Should -Match ' encrypted '
    }

    It 'passes at Hash without an identity, and is inconclusive above' {
        (Test-CryoBackup $backup.Path -Level Hash).Verdict | Should -Be 'Passed'
        $result = Test-CryoBackup $backup.Path
        $result.Verdict | Should -Be 'Inconclusive'
        $result.ErrorId | Should -Be 'IdentityMissing'
        $result.IsValid | Should -BeFalse
        $result.Reason | Should -BeLike '*needs an identity for X25519*'
        Test-CryoBackup $backup.Path -Quiet | Should -BeExactly $false
    }

    It 'is not restored without an identity, nor with a wrong one' {
        Clear-TestDatabase app_copy
        Restore-CryoBackup $backup.Path -TargetDatabase app_copy -Create -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'IdentityMissing,*'
        Restore-CryoBackup $backup.Path -TargetDatabase app_copy -Create -Identity wrong.txt -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'IdentityWrong,*'
        Test-Database app_copy | Should -BeFalse

        $result = Test-CryoBackup $backup.Path -Identity wrong.txt
        $result.Verdict | Should -Be 'Inconclusive'
        $result.ErrorId | Should -Be 'IdentityWrong'
        $result.Remedy | Should -BeLike '*age-keygen -y*'
        $result.Checks.Outcome | Should -Not -Contain 'Failed'
        (Test-CryoBackup $backup.Path -Identity wrong.txt, ./identity.txt).Verdict | Should -Be 'Passed'
    }

    It 'warns of an identity that others may read' {
        Copy-Item -LiteralPath identity.txt -Destination open.txt
        & chmod 644 open.txt
        $null = Test-CryoBackup $backup.Path -Identity open.txt -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -BeLike '*open.txt*chmod 600*'
        $null = Test-CryoBackup $backup.Path -Identity identity.txt -WarningVariable warnings
        $warnings | Should -BeNullOrEmpty
    }

    It 'is never written in clear for want of <What>' -ForEach @(
        @{ What = 'a recipient that is whole'; Recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8q'; Id = 'ConfigurationInvalid' }
        @{ What = 'a recipients file'; Recipient = './none.txt'; Id = 'ConfigurationInvalid' }
        @{ What = 'age'; Recipient = './recipients.txt'; Id = 'ToolNotFound' }
        @{ What = 'anything given'; Recipient = ''; Id = 'ParameterArgumentValidationError' }
    ) {
        $path = $env:PATH
        $problem = $null
        try {
            if ($What -eq 'age') {
                $env:PATH = Join-Path $TestDrive 'empty'
            }

            New-CryoBackup app -Path ./unwritten -Recipient $Recipient
        }
        catch {
            $problem = $_
        }
        finally {
            $env:PATH = $path
        }

        $problem.FullyQualifiedErrorId | Should -BeLike "$Id*"
        Test-Path ./unwritten | Should -BeFalse
    }

    It 'without age is inconclusive, and not restored' {
        $path = $env:PATH
        $problem = $null
        try {
            $env:PATH = Join-Path $TestDrive 'empty'
            $result = Test-CryoBackup $backup.Path -Identity identity.txt
            $hash = Test-CryoBackup $backup.Path -Level Hash
            Restore-CryoBackup $backup.Path -TargetDatabase app_copy -Create -Identity identity.txt
        }
        catch {
            $problem = $_
        }
        finally {
            $env:PATH = $path
        }

        $hash.Verdict | Should -Be 'Passed'
        $result.Verdict | Should -Be 'Inconclusive'
        $result.Reason | Should -BeLike '*age*not found*'
        $problem.FullyQualifiedErrorId | Should -BeLike 'ToolNotFound,*'
        $problem.ErrorDetails.RecommendedAction | Should -BeLike '*apt-get install age*'
    }

    It 'keeps the secret out of everything that is said' {
        $secret = (Get-Content -LiteralPath identity.txt | Where-Object { $_ -like 'AGE-SECRET-KEY-*' }).Substring(20)
        Set-Content -LiteralPath logged.yaml -Value "log_file: ./encrypted.log`nencryption: {enabled: true, key_file: $PWD/identity.txt}"
        $null = Test-CryoBackup $backup.Path -Config ./logged.yaml -ReportPath ./encrypted.json
        $null = Test-CryoBackup $backup.Path -Identity identity.txt, wrong.txt -ReportPath ./encrypted.html
        $said = @(
            Get-Content -LiteralPath encrypted.log, encrypted.json, encrypted.html -Raw
            Test-CryoBackup $backup.Path -Identity identity.txt -Verbose *>&1 | Out-String
            Test-CryoBackup $backup.Path -Identity wrong.txt -Verbose *>&1 | Out-String
            try { Test-CryoBackup $backup.Path -Identity (Get-Content -LiteralPath identity.txt -Raw).Split("`n")[2] } catch { $_ | Format-List -Property * -Force | Out-String }
            try { New-CryoBackup app -Recipient ./identity.txt } catch { $_ | Format-List -Property * -Force | Out-String }
            Get-Content -LiteralPath $backup.ManifestPath -Raw
        ) -join ''
        $said.Length | Should -BeGreaterThan 1000
        $said | Should -Not -Match $secret
    }

    It 'lists its tables to those who have the identity' {
        (Get-CryoBackup ./encrypted).Tables | Should -BeNullOrEmpty
        (Get-CryoBackup ./encrypted -Identity wrong.txt -WarningAction SilentlyContinue).Tables | Should -BeNullOrEmpty
        $listed = Get-CryoBackup ./encrypted -Identity wrong.txt, identity.txt
        $listed.Tables.Name | Sort-Object | Should -Be 'empty_one', 'sample'
        $listed.RowCount | Should -Be 500
    }

    It 'is made, proven, listed and restored from a configuration with <What>' -ForEach @(
        @{ What = 'recipients and an identity'; Keys = 'enabled: true, recipients: [RECIPIENT], identity_file: IDENTITY' }
        @{ What = 'a file of recipients'; Keys = 'enabled: true, recipients_file: FILE, identity_file: IDENTITY' }
        @{ What = "the predecessor's key file, an identity"; Keys = 'enabled: true, key_file: IDENTITY' }
        @{ What = "the predecessor's key file, of recipients"; Keys = 'enabled: true, key_file: FILE, identity_file: IDENTITY' }
    ) {
        $recipient = (Get-Content -LiteralPath recipients.txt -Raw).Trim()
        $keys = $Keys.Replace('RECIPIENT', $recipient).Replace('IDENTITY', "$PWD/identity.txt").Replace('FILE', "$PWD/recipients.txt")
        $project = New-Item -ItemType Directory -Path (Join-Path $TestDrive ([guid]::NewGuid()))
        $file = Join-Path $project 'encrypted.yaml'
        Set-Content -LiteralPath $file -Value "database: {database: app}`nlocal_backup_dir: kept`nencryption: {$keys}"
        $made = New-CryoBackup -Config $file
        $made.Path | Should -BeLike (Join-Path $project 'kept/*.dump.gz.age')
        (Get-Content -LiteralPath $made.ManifestPath -Raw | ConvertFrom-Json).encryption.recipients | Should -Be $recipient
        (Test-CryoBackup -Config $file).Verdict | Should -Be 'Passed'
        (Get-CryoBackup -Config $file).RowCount | Should -Be 500
        Clear-TestDatabase app_copy
        ($made | Restore-CryoBackup -Config $file -TargetDatabase app_copy -Create).Status | Should -Be 'Restored'

        $tool = Join-Path $PSScriptRoot '../output/tool/cryobackup'
        Remove-Item -LiteralPath (Join-Path $project 'kept') -Recurse
        $null = & $tool new --config $file 2>$null
        $LASTEXITCODE | Should -Be 0
        (& $tool test --config $file --json | ConvertFrom-Json).verdict | Should -Be 'Passed'
        (& $tool list --config $file --json | ConvertFrom-Json).rowCount | Should -Be 500
        $encrypted = (Get-ChildItem -Path (Join-Path $project 'kept/*.age')).FullName
        Clear-TestDatabase app_copy
        (& $tool restore $encrypted --config $file -d app_copy --create --json | ConvertFrom-Json).status | Should -Be 'Restored'
    }

    It 'is not made from a configuration whose key is <What>' -ForEach @(
        @{ What = 'missing'; Text = $null }
        @{ What = "the predecessor's Fernet key"; Text = 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=' }
    ) {
        $project = New-Item -ItemType Directory -Path (Join-Path $TestDrive ([guid]::NewGuid()))
        $file = Join-Path $project 'encrypted.yaml'
        Set-Content -LiteralPath $file -Value "database: {database: app}`nlocal_backup_dir: kept`nencryption: {enabled: true, key_file: key}"
        if ($Text) {
            Set-Content -LiteralPath (Join-Path $project 'key') -Value $Text
        }

        $problem = { New-CryoBackup -Config $file } | Should -Throw -ErrorId 'ConfigurationInvalid,*' -PassThru
        $problem.ErrorDetails.RecommendedAction | Should -BeLike '*age-keygen -o *age-keygen -y *'
        $said = & (Join-Path $PSScriptRoot '../output/tool/cryobackup') new --config $file 2>&1 | Out-String
        $LASTEXITCODE | Should -Be 2
        $said | Should -BeLike '*age-keygen -o *age-keygen -y *'
        Join-Path $project 'kept' | Should -Not -Exist
    }
}
