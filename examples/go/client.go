// Submits jobs to Optimus, follows events, and receives a signed webhook. Standard library only.
package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

const double = "print(2 * int(input()))"

// A receiver refuses what is older than this: a recorded delivery cannot be sent again later.
const tolerance = 5 * time.Minute

type test struct {
	Stdin  string `json:"stdin"`
	Expect string `json:"expect"`
}

type webhook struct {
	URL    string `json:"url"`
	Secret string `json:"secret"`
}

type job struct {
	Language string   `json:"language"`
	Source   string   `json:"source"`
	Tests    []test   `json:"tests"`
	Webhook  *webhook `json:"webhook,omitempty"`
}

type report struct {
	Verdict string   `json:"verdict"`
	Tests   []report `json:"tests"`
}

type status struct {
	ID     string `json:"id"`
	Report report `json:"report"`
}

type event struct {
	Event  string `json:"event"`
	Index  int    `json:"index"`
	Total  int    `json:"total"`
	Report report `json:"report"`
}

func call(method, path string, body any) (*http.Response, error) {
	base := os.Getenv("OPTIMUS_URL")
	if base == "" {
		base = "http://127.0.0.1:8080"
	}
	data, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest(method, base+path, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	request.Header.Set("content-type", "application/json")
	if key := os.Getenv("OPTIMUS_KEY"); key != "" {
		request.Header.Set("authorization", "Bearer "+key)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil || answer.StatusCode < 300 {
		return answer, err
	}
	defer answer.Body.Close()
	// The body of an error names the fault and the remedy.
	told, _ := io.ReadAll(answer.Body)
	return nil, fmt.Errorf("%s: %s", answer.Status, told)
}

func submit(job job, query string) (status, error) {
	var submitted status
	answer, err := call("POST", "/v1/jobs"+query, job)
	if err != nil {
		return submitted, err
	}
	defer answer.Body.Close()
	return submitted, json.NewDecoder(answer.Body).Decode(&submitted)
}

// Server-sent events: one JSON value in each `data:` line.
func follow(id string, heard func(event)) error {
	answer, err := call("GET", "/v1/jobs/"+id+"/events", nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	lines := bufio.NewReader(answer.Body)
	for {
		line, err := lines.ReadString('\n')
		if strings.HasPrefix(line, "data:") {
			var event event
			if err := json.Unmarshal([]byte(line[len("data:"):]), &event); err != nil {
				return err
			}
			heard(event)
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// Checks a delivery as Standard Webhooks describes.
func isSigned(secret []byte, header http.Header, body []byte) bool {
	stamp, err := strconv.ParseInt(header.Get("webhook-timestamp"), 10, 64)
	if err != nil || time.Since(time.Unix(stamp, 0)).Abs() > tolerance {
		return false
	}
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%s.%d.%s", header.Get("webhook-id"), stamp, body)
	expected := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, given := range strings.Fields(header.Get("webhook-signature")) {
		if hmac.Equal([]byte(given), []byte(expected)) {
			return true
		}
	}
	return false
}

// Submits `job` with a webhook to this process, and returns the verdict that arrives signed.
func receive(job job) (string, error) {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return "", err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	verdicts := make(chan string, 1)
	go http.Serve(listener, http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		var delivery struct{ Data report }
		if err != nil || !isSigned(secret, request.Header, body) || json.Unmarshal(body, &delivery) != nil {
			answer.WriteHeader(http.StatusUnauthorized)
			return
		}
		answer.WriteHeader(http.StatusNoContent)
		verdicts <- delivery.Data.Verdict
	}))
	job.Webhook = &webhook{
		URL:    "http://" + listener.Addr().String() + "/",
		Secret: "whsec_" + base64.StdEncoding.EncodeToString(secret),
	}
	if _, err := submit(job, ""); err != nil {
		return "", err
	}
	return <-verdicts, nil
}

func run() error {
	wrong := job{Language: "python", Source: double, Tests: []test{{"1", "2"}, {"2", "5"}}}
	submitted, err := submit(wrong, "")
	if err != nil {
		return err
	}
	fmt.Println("submitted", submitted.ID)
	err = follow(submitted.ID, func(event event) {
		switch event.Event {
		case "test":
			// A client that subscribes late, or reads slowly, misses some of these; `done` always arrives.
			fmt.Fprintf(os.Stderr, "test %d of %d has ended\n", event.Index+1, event.Total)
		case "done":
			for index, test := range event.Report.Tests {
				fmt.Printf("test %d: %s\n", index+1, test.Verdict)
			}
			fmt.Println("done:", event.Report.Verdict)
		}
	})
	if err != nil {
		return err
	}

	right := job{Language: "python", Source: double, Tests: wrong.Tests[:1]}
	waited, err := submit(right, "?wait=30s")
	if err != nil {
		return err
	}
	fmt.Println("waited:", waited.Report.Verdict)

	verdict, err := receive(right)
	if err != nil {
		return err
	}
	fmt.Printf("webhook: %s, signature verified\n", verdict)
	return nil
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
